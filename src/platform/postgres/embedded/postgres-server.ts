import { execFile } from 'node:child_process';
import { open, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from './postgres-account.ts';

const run = promisify(execFile);

/** The file in the cluster that holds what Parley sets; postgresql.conf includes it. */
export const settingsFile = 'parley.conf';

const logFile = 'server.log';
const logSizeMax = 10_000_000;

/** What is needed to start and stop the server of one cluster. */
export interface ServerControl {
  readonly pgCtl: string;
  readonly folder: string;
  readonly account: Account | null;
}

/** A postmaster that runs on the cluster. */
export interface Postmaster {
  readonly port: number;
  /** False while it starts, recovers or stops. */
  readonly isReady: boolean;
}

/** The server that runs on this cluster, whoever started it; null when there is none. */
export async function findPostmaster(folder: string): Promise<Postmaster | null> {
  const path = join(folder, 'postmaster.pid');
  const text = await readFile(path, 'utf8').catch(absentAsNull);
  if (text === null) return null;
  // The lines are those of PostgreSQL's src/include/utils/pidfile.h.
  const [pid, , , port, , , , status] = text.split('\n').map((line) => line.trim());
  if (!isAlive(Number(pid))) return null;
  if (await isPostmasterOf(folder, Number(pid))) return { port: Number(port), isReady: status === 'ready' };
  // PostgreSQL would take the process that has got the number for its own, and refuse to start. It finds a
  // server that does run by its shared memory, so nothing is lost with the file.
  await rm(path, { force: true });
  return null;
}

/**
 * Starts the server and waits until it answers.
 * @returns null, or what the server said before it gave up
 */
export async function startPostmaster(
  control: ServerControl,
  settings: Readonly<Record<string, string>>,
): Promise<string | null> {
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`,
  );
  await writeFile(join(control.folder, settingsFile), lines.join(''), { mode: 0o644 });
  const log = join(control.folder, logFile);
  const before = await prepareLog(control, log);
  try {
    await runPgCtl(control, ['start', '--wait', '--timeout=60', `--log=${log}`]);
    return null;
  } catch (error) {
    const said = (await readFile(log, 'utf8')).slice(before).trim();
    return said === '' ? String(error) : said;
  }
}

/**
 * Stops the server, first politely, then at once; resolves when it is gone, also when it had died already.
 */
export async function stopPostmaster(control: ServerControl): Promise<void> {
  for (const mode of ['fast', 'immediate']) {
    try {
      return await runPgCtl(control, ['stop', `--mode=${mode}`, '--wait', '--timeout=20']);
    } catch (error) {
      if ((await findPostmaster(control.folder)) === null) return;
      if (mode === 'immediate') throw error;
    }
  }
}

/** The port of the last start when it is free, so that addresses stay valid; else any free one. */
export async function choosePort(folder: string): Promise<number> {
  const settings = await readFile(join(folder, settingsFile), 'utf8').catch(absentAsNull);
  const last = Number(/^port = '(\d+)'$/m.exec(settings ?? '')?.[1] ?? 0);
  return (await findFreePort(last)) ?? (await findFreePort(0)) ?? 0;
}

/** For what may be missing: null where there is no such file. */
export function absentAsNull(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}

// A process that may not be signalled is another user's, and so not the server of a folder that is ours.
function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

// After a restart of the machine or container, another process may have the ID; a killed server keeps it
// until its parent collects it, which never happens in a container without an init process. Only Linux shows
// this; elsewhere the password decides.
async function isPostmasterOf(folder: string, pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const workingFolder = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  return workingFolder === folder;
}

async function runPgCtl(control: ServerControl, command: readonly string[]): Promise<void> {
  await run(control.pgCtl, [...command, '--silent', `--pgdata=${control.folder}`], {
    ...control.account,
    cwd: control.folder,
  });
}

// Made here because the account could not write to a file of root's, and shortened because no other program
// does.
async function prepareLog(control: ServerControl, path: string): Promise<number> {
  const size = await stat(path).then((stats) => stats.size, absentAsNull);
  if (size !== null && size > logSizeMax) await rename(path, `${path}.1`);
  const handle = await open(path, 'a', 0o600);
  try {
    if (control.account !== null) await handle.chown(control.account.uid, control.account.gid);
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

async function findFreePort(port: number): Promise<number | null> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? null) : null));
    });
  });
}
