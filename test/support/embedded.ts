import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/platform/postgres/embedded/embedded.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import { execute } from './postgres.ts';

/** The user that a process runs as. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Cleans up after a test, the last started resource first. */
export class CleanUps {
  readonly #cleanUps: (() => Promise<unknown>)[] = [];

  add(cleanUp: () => Promise<unknown>): void {
    this.#cleanUps.push(cleanUp);
  }

  async run(): Promise<void> {
    for (const cleanUp of this.#cleanUps.splice(0).toReversed()) await cleanUp();
  }
}

/**
 * A folder that is not below one of root's own: as root the server runs as another user, who must be able to
 * reach it.
 */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-embedded-'));
  await chmod(folder, 0o755);
  return folder;
}

/** Starts or joins the embedded PostgreSQL of a data directory. */
export async function start(
  cleanUps: CleanUps,
  dataDirectory: string,
  options: { readonly settings?: Readonly<Record<string, string>>; readonly shelter?: string } = {},
): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({
    dataDirectory,
    logger: createLogger({ level: 'silent' }),
    ...options,
    settings: { fsync: 'off', ...options.settings },
  });
  cleanUps.add(async () => await postgres.stop());
  return postgres;
}

/** Does the same in a process of its own. */
export async function startProcess(
  cleanUps: CleanUps,
  dataDirectory: string,
  user?: User,
): Promise<{ readonly process: ChildProcess; readonly url: string }> {
  const child = spawnProcess(cleanUps, dataDirectory, user);
  if (child.stdout === null) throw new Error('The process has no output.');
  const [url] = await once(createInterface(child.stdout), 'line');
  return { process: child, url: String(url) };
}

/** As `startProcess`, without waiting for it. */
export function spawnProcess(
  cleanUps: CleanUps,
  dataDirectory: string,
  user: Partial<User> = {},
): ChildProcess {
  const script = join(import.meta.dirname, 'embedded-process.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, dataDirectory], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...user,
  });
  cleanUps.add(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin?.end();
    await once(child, 'exit');
  });
  return child;
}

/** Ends a process without a chance to tidy up. */
export async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** The number of the server's main process; fails when there is none. */
export async function postmasterPid(dataDirectory: string): Promise<number> {
  const text = await readFile(join(dataDirectory, 'postgres', 'postmaster.pid'), 'utf8');
  return Number(text.split('\n')[0]);
}

/** Returns the start time of a server: the same time means the same server. */
export async function startTimeOf(url: string): Promise<unknown> {
  const [row] = await execute(url, 'select pg_postmaster_start_time()::text as time');
  return row?.['time'];
}
