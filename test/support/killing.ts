import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { postmasterPid } from './embedded.ts';
import { endServer, killServer, startServer, type RunningServer } from './server-process.ts';

/** A server that comes back at the same address after it was killed, as a supervisor would bring it back. */
export class KillableServer {
  readonly #environment: Readonly<Record<string, string>>;
  readonly #program: readonly string[] | undefined;
  #running: RunningServer;

  /** `program` is what Node runs; absent, the sources. */
  static async start(
    environment: Readonly<Record<string, string>>,
    program?: readonly string[],
  ): Promise<KillableServer> {
    return new KillableServer(environment, program, await startServer(environment, program));
  }

  private constructor(
    environment: Readonly<Record<string, string>>,
    program: readonly string[] | undefined,
    running: RunningServer,
  ) {
    this.#environment = { ...environment, PORT: new URL(running.origin).port };
    this.#program = program;
    this.#running = running;
  }

  get origin(): string {
    return this.#running.origin;
  }

  /** Kills it without a chance to tidy up; resolves when another one listens in its place. */
  async killAndRestart(): Promise<void> {
    await killServer(this.#running);
    this.#running = await startServer(this.#environment, this.#program);
  }

  async end(): Promise<void> {
    await endServer(this.#running);
  }
}

/** Kills every process of an embedded PostgreSQL together, as a machine that runs out of memory might. */
export async function killPostgres(dataDirectory: string): Promise<void> {
  const postmaster = await postmasterPid(dataDirectory);
  // First the postmaster, which would otherwise notice the others' end and begin to recover.
  for (const pid of [postmaster, ...(await childrenOf(postmaster))]) killIfThere(pid);
  while (isRunning(await statOf(postmaster))) await wait(5);
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const stats = await Promise.all(pids.map(statOf));
  return pids.filter((_, index) => Number(stats[index]?.[1]) === parent);
}

/**
 * By proc(5): what follows the name, which may hold spaces: the state, the parent, and more. Null: there is
 * no such process.
 */
async function statOf(pid: number): Promise<readonly string[] | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** A zombie does not run; without an init process it is never collected. */
function isRunning(stat: readonly string[] | null): boolean {
  return stat !== null && stat[0] !== 'Z';
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    const hasGone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (!hasGone) throw error;
  }
}
