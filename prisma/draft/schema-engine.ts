import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { EngineAdapterFactory } from './engine-adapter.ts';

/** A Prisma schema. */
export interface SchemaFile {
  readonly path: string;
  readonly content: string;
}

// Node has WebAssembly, but neither the library of the language nor @types/node declares it.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, object>>,
  ) => { readonly exports: object };
};

/** Returns the SQL that leads from the tables of a database to a Prisma schema. */
export async function differenceTo(url: string, schema: SchemaFile): Promise<string> {
  return await withSchemaEngine(url, schema, async (engine) => {
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files: [schema], configDir: dirname(schema.path) },
      to: { tag: 'schemaDatamodel', files: [schema] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return stdout ?? '';
  });
}

/**
 * Runs `use` with Prisma's schema engine, compiled to WebAssembly: unlike the program that Prisma's command
 * line downloads, it comes with npm.
 */
export async function withSchemaEngine<Result>(
  url: string,
  schema: SchemaFile,
  use: (engine: bindings.SchemaEngine) => Promise<Result>,
): Promise<Result> {
  loadBindings();
  const factory = new EngineAdapterFactory(url);
  try {
    const engine = await bindings.SchemaEngine.new(
      { datamodels: [[schema.path, schema.content]] },
      () => undefined,
      bindMigrationAwareSqlAdapterFactory(factory),
    );
    return await use(engine).finally(() => engine.free());
  } finally {
    await factory.close();
  }
}

// The bindings have one instance in a process. It is loaded synchronously, so that no caller replaces the
// instance of another one.
function loadBindings(): void {
  if (areLoaded()) return;
  const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const module = new WebAssembly.Module(readFileSync(join(folder, 'schema_engine_bg.wasm')));
  const { exports } = new WebAssembly.Instance(module, { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(exports);
  const start: unknown = Reflect.get(exports, '__wbindgen_start');
  if (typeof start === 'function') Reflect.apply(start, null, []);
}

function areLoaded(): boolean {
  try {
    return bindings.version() !== '';
  } catch {
    // Without an instance every function of the bindings throws.
    return false;
  }
}
