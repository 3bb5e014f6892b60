import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { MigrationAdapterFactory } from './migration-adapter.ts';
import type { SchemaFile } from './migration-folder.ts';

/** A schema engine that is connected to a database. */
export interface ConnectedEngine {
  readonly engine: bindings.SchemaEngine;
  /** The first row of a statement's answer, on the engine's own connection. */
  query(text: string): Promise<readonly unknown[]>;
}

// Node has it, but neither the language's library nor @types/node declares it.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, object>>,
  ) => { readonly exports: object };
};

/**
 * Runs `use` with Prisma's schema engine, which compares, diagnoses and applies, connected to `url`. It is
 * Prisma's own, compiled to WebAssembly: unlike the program that Prisma's command line fetches, it comes with
 * npm.
 * @throws Error when the database can't be reached
 */
export async function withSchemaEngine<Result>(
  url: string,
  schema: SchemaFile,
  use: (connected: ConnectedEngine) => Promise<Result>,
): Promise<Result> {
  loadBindings();
  const factory = new MigrationAdapterFactory(url);
  try {
    const engine = await connectEngine(factory, schema);
    try {
      return await use({ engine, query: async (text) => await factory.query(text) });
    } finally {
      engine.free();
    }
  } finally {
    await factory.close();
  }
}

async function connectEngine(
  factory: MigrationAdapterFactory,
  schema: SchemaFile,
): Promise<bindings.SchemaEngine> {
  try {
    return await bindings.SchemaEngine.new(
      { datamodels: [[schema.path, schema.content]] },
      // It tells of every step; what matters comes as an answer or an error.
      () => undefined,
      bindMigrationAwareSqlAdapterFactory(factory),
    );
  } catch (error) {
    if (factory.failure === null) throw error;
    throw new Error(`The database can't be reached: ${factory.failure.message}`, { cause: factory.failure });
  }
}

// The bindings keep one instance for the whole process. It is loaded without a pause, so that of two callers
// the second finds it loaded, and never replaces it under the feet of the first.
function loadBindings(): void {
  if (areLoaded()) return;
  const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const module = new WebAssembly.Module(readFileSync(join(folder, 'schema_engine_bg.wasm')));
  const { exports } = new WebAssembly.Instance(module, { './schema_engine_bg.js': importsOf() });
  bindings.__wbg_set_wasm(exports);
  const start: unknown = Reflect.get(exports, '__wbindgen_start');
  if (typeof start === 'function') Reflect.apply(start, null, []);
}

/**
 * What the engine calls. It sets a timer for its lock and never clears it: nobody's process shall stay alive
 * for that.
 */
function importsOf(): Record<string, Function> {
  return Object.fromEntries(
    Object.entries<unknown>(bindings).flatMap(([name, value]) => {
      if (typeof value !== 'function') return [];
      if (!name.startsWith('__wbg_setTimeout_')) return [[name, value]];
      const setUnheld = (...args: readonly unknown[]): unknown => {
        const timer: unknown = Reflect.apply(value, null, args);
        if (timer instanceof Object && 'unref' in timer && typeof timer.unref === 'function') timer.unref();
        return timer;
      };
      return [[name, setUnheld]];
    }),
  );
}

function areLoaded(): boolean {
  try {
    return bindings.version() !== '';
  } catch {
    // Without an instance behind them every function of the bindings throws.
    return false;
  }
}
