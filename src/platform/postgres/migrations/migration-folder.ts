import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';

/** The Prisma schema. */
export interface SchemaFile {
  readonly path: string;
  readonly content: string;
}

/** The folder `prisma`: the schema and the migrations that lead to it. */
export interface MigrationFolder {
  readonly schema: SchemaFile;
  /** Oldest first. */
  readonly names: readonly string[];
  readonly list: MigrationList;
}

/** Where `prisma` stands in the package; sources and what is built from them lie equally deep. */
export const prismaFolder = fileURLToPath(new URL('../../../../prisma', import.meta.url));

const scriptName = 'migration.sql';
const lockfileName = 'migration_lock.toml';

/**
 * Reads the schema and its migrations.
 * @throws Error when a file is missing
 */
export async function readMigrationFolder(folder: string): Promise<MigrationFolder> {
  const baseDir = join(folder, 'migrations');
  const schemaPath = join(folder, 'schema.prisma');
  const entries = await readdir(baseDir, { withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
  const scripts = await Promise.all(
    names.map(async (name) => await readFile(join(baseDir, name, scriptName), 'utf8')),
  );
  return {
    schema: { path: schemaPath, content: await readFile(schemaPath, 'utf8') },
    names,
    list: {
      baseDir,
      lockfile: { path: lockfileName, content: await readFile(join(baseDir, lockfileName), 'utf8') },
      shadowDbInitScript: '',
      migrationDirectories: names.map((path, index) => ({
        path,
        migrationFile: { path: scriptName, content: { tag: 'ok', value: scripts[index] ?? '' } },
      })),
    },
  };
}
