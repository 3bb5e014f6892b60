import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import { prismaFolder, readMigrationFolder } from './migration-folder.ts';
import { withSchemaEngine } from './schema-engine.ts';

/**
 * Writes a new migration with the SQL that leads from the existing migrations to schema.prisma; where they
 * agree already, an empty one to be filled in by hand. The database is only used to build a shadow of them,
 * and is not changed.
 * @returns the path of the new migration.sql
 */
export async function draftMigration(
  url: string,
  name: string,
  { clock, folder = prismaFolder }: { readonly clock: Clock; readonly folder?: string },
): Promise<string> {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new Error(`A migration's name has lower-case letters, digits and underscores, unlike \`${name}\`.`);
  }
  const { schema, list } = await readMigrationFolder(folder);
  const { stdout } = await withSchemaEngine(url, schema, async ({ engine }) =>
    engine.diff({
      from: { tag: 'migrations', ...list },
      to: { tag: 'schemaDatamodel', files: [schema] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    }),
  );
  const path = join(list.baseDir, `${timestamp(clock)}_${name}`);
  await mkdir(path);
  await writeFile(join(path, 'migration.sql'), stdout ?? '');
  return join(path, 'migration.sql');
}

// Prisma's form, by which migrations sort: 20261231235959.
function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replaceAll(/\D/g, '').slice(0, 14);
}
