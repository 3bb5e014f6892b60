import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A migration as the folder has it. */
export interface Migration {
  /** The name of its folder, by which migrations are sorted. */
  readonly name: string;
  /** The text of its `migration.sql`. */
  readonly script: string;
}

/** The path of the package's folder `prisma`. */
// The sources and the files that are built from them are equally deep.
export const prismaFolder = fileURLToPath(new URL('../../../../prisma', import.meta.url));

/**
 * Reads the migrations below a folder like `prisma`, oldest first.
 * @throws Error when a file is missing
 */
export async function readMigrations(folder = prismaFolder): Promise<readonly Migration[]> {
  const path = join(folder, 'migrations');
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
  return await Promise.all(
    names.map(async (name) => ({
      name,
      script: await readFile(join(path, name, 'migration.sql'), 'utf8'),
    })),
  );
}
