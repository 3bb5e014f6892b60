import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFile,
  chown,
  link,
  lstat,
  mkdir,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { canEnter, type Account } from './postgres-account.ts';
import { settingsFile } from './postgres-server.ts';

const run = promisify(execFile);

/** A PostgreSQL data folder that is complete: initdb has finished in it. */
export interface Cluster {
  /** The folder itself, without symlinks. */
  readonly folder: string;
  readonly password: string;
}

interface Place {
  readonly dataDirectory: string;
  /** Where the cluster goes when `account` can't reach the data directory. */
  readonly shelter: string;
  readonly account: Account | null;
  readonly initdb: string;
}

/**
 * The cluster `<dataDirectory>/postgres`, made when it is not there yet. It appears under that name only once
 * initdb has finished, so one that was cut short is simply made again, and of several processes that make it
 * at once one wins.
 * @throws Error when it can't be made, with what initdb said
 */
export async function openCluster(place: Place): Promise<Cluster> {
  await mkdir(place.dataDirectory, { recursive: true });
  const password = await readPassword(join(place.dataDirectory, 'postgres-password'));
  const path = join(place.dataDirectory, 'postgres');
  if (!(await exists(path))) await createCluster(place, path, password);
  await removeUnfinished(place.dataDirectory);
  return { folder: await resolveCluster(path), password };
}

// Written elsewhere and then linked: a process that starts at the same moment sees either no password or a
// whole one.
async function readPassword(path: string): Promise<string> {
  if (!(await exists(path))) {
    const draft = `${path}.new-${randomBytes(4).toString('hex')}`;
    await writeFile(draft, randomBytes(24).toString('base64url'), { mode: 0o600 });
    await link(draft, path).catch(async (error: unknown) => {
      if (!(await exists(path))) throw error;
    });
    await rm(draft);
  }
  return await readFile(path, 'utf8');
}

async function createCluster(place: Place, path: string, password: string): Promise<void> {
  const name = `postgres.new-${randomBytes(4).toString('hex')}`;
  const isSheltered = !(await canEnter(place.account, place.dataDirectory));
  const workshop = join(isSheltered ? place.shelter : place.dataDirectory, name);
  await mkdir(workshop, { recursive: true, mode: 0o755 });
  // The link lets a later start find and remove what an interrupted one left in the shelter.
  if (isSheltered) await symlink(workshop, join(place.dataDirectory, name));
  try {
    await runInitdb(place, workshop, password);
    const data = join(workshop, 'data');
    if (!isSheltered) return await rename(data, path);
    const home = workshop.replace('.new-', '-');
    await rename(data, home);
    await symlink(home, path);
  } catch (error) {
    // Another process has finished first, and its cluster is as good as this one.
    if (!(await exists(path))) throw error;
  }
}

async function runInitdb(place: Place, workshop: string, password: string): Promise<void> {
  const passwordFile = join(workshop, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (place.account !== null) {
    const { uid, gid } = place.account;
    await Promise.all([workshop, passwordFile].map(async (path) => await chown(path, uid, gid)));
  }
  const errors: unknown[] = [];
  // The collation is PostgreSQL's own, equal on every machine. The C library's LC_CTYPE still decides what
  // pg_trgm takes for a letter: with C, it would find no name that is written in other letters than ASCII.
  for (const lettersOf of ['C.UTF-8', 'en_US.UTF-8', 'C']) {
    try {
      await run(place.initdb, initdbFlags(workshop, lettersOf), { ...place.account, cwd: workshop });
      return await appendFile(join(workshop, 'data', 'postgresql.conf'), `\ninclude = '${settingsFile}'\n`);
    } catch (error) {
      errors.push(error);
    }
  }
  throw new AggregateError(
    errors,
    `PostgreSQL could not create its files in ${workshop}: ${String(errors[0])}`,
  );
}

function initdbFlags(workshop: string, lettersOf: string): string[] {
  return [
    `--pgdata=${join(workshop, 'data')}`,
    `--pwfile=${join(workshop, 'password')}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    `--lc-ctype=${lettersOf}`,
  ];
}

// What interrupted starts have left. Where another process is still at work in one, that attempt has lost and
// may fail; an initdb that outlives its process can keep a folder from going, and then the next start removes
// it.
async function removeUnfinished(dataDirectory: string): Promise<void> {
  for (const name of await readdir(dataDirectory)) {
    if (!name.startsWith('postgres.new-')) continue;
    const path = join(dataDirectory, name);
    const target = await realpath(path).catch(() => path);
    await rm(target, { recursive: true, force: true })
      .then(async () => await rm(path, { force: true }))
      .catch(() => undefined);
  }
}

async function resolveCluster(path: string): Promise<string> {
  const folder = await realpath(path).catch((error: unknown) => {
    throw new Error(
      `The database ${path} is a link to a folder that is gone; remove the link to start anew.`,
      {
        cause: error,
      },
    );
  });
  await stat(join(folder, 'PG_VERSION')).catch((error: unknown) => {
    throw new Error(`${folder} is not a PostgreSQL database that this user can read.`, { cause: error });
  });
  return folder;
}

// Asks about the name, not about what a link points to: a link whose target is gone must not be taken for
// free.
async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
