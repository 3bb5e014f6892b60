import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import type { Logger } from '../../telemetry/logger.ts';
import type { Cluster } from './postgres-cluster.ts';
import {
  choosePort,
  findPostmaster,
  startPostmaster,
  stopPostmaster,
  type ServerControl,
} from './postgres-server.ts';

// Long enough for the recovery after a crash.
const joinTimeoutMs = 120_000;
const pollIntervalMs = 50;

// The number is the ASCII text `parley`; it must be the same in every process that shares a server.
const leaseKey = 0x7061726c6579;

const wrongPassword = '28P01';

/** How to run the server of a cluster. */
export interface SharedServerOptions {
  readonly cluster: Cluster;
  readonly control: ServerControl;
  readonly settings: Readonly<Record<string, string>>;
  readonly port: number | null;
  readonly logger: Logger;
}

/**
 * One server that several processes use: whoever comes first starts it, whoever leaves last stops it.
 *
 * Each process holds a shared advisory lock on one connection, its lease. PostgreSQL itself drops the lease
 * of a process that was killed, so there is no list of processes that could go wrong. The server is stopped
 * only while holding the same lock exclusively: a process that comes at that moment waits, loses its
 * connection, and starts anew.
 */
export class SharedServer {
  readonly #options: SharedServerOptions;
  readonly #leaving = new AbortController();
  #lease: Lease | null = null;
  #port = 0;
  #recovery: Promise<void> = Promise.resolve();
  #left: Promise<void> | null = null;

  constructor(options: SharedServerOptions) {
    this.#options = options;
  }

  /** The address of one of its databases; valid once joined. */
  url(database: string): string {
    return serverUrl({ port: this.#port, password: this.#options.cluster.password, database });
  }

  /**
   * Starts the server or joins the one that runs. From then on a server that dies is started again.
   * @throws Error when it does not start, with what it said
   */
  async join(): Promise<void> {
    const lease = await this.#takeLease();
    this.#lease = lease;
    lease.client.once('end', () => {
      this.#lease = null;
      if (!this.#leaving.signal.aborted) this.#recovery = this.#recover();
    });
  }

  /**
   * Stops the server unless another process uses it. Resolves also when the server has died; call it last.
   */
  async leave(): Promise<void> {
    this.#left ??= this.#leave();
    await this.#left;
  }

  async #takeLease(): Promise<Lease> {
    const { control } = this.#options;
    const deadline = performance.now() + joinTimeoutMs;
    let isStartedHere = false;
    let failures = 0;
    let reason: unknown = null;
    while (performance.now() < deadline) {
      this.#leaving.signal.throwIfAborted();
      const postmaster = await findPostmaster(control.folder);
      if (postmaster === null) {
        reason = await this.#start();
        isStartedHere = reason === null;
        if (isStartedHere) continue;
        failures += 1;
        if (failures > 2 && !willPass(reason)) break;
      } else if (postmaster.isReady) {
        this.#port = postmaster.port;
        const lease = await connectLease(this.url('postgres'));
        if (!(lease instanceof Error)) return lease;
        reason = lease;
        if (isRefusedPassword(reason)) break;
      }
      await delay(pollIntervalMs);
    }
    // A server that this process can't use is of no use to others either.
    if (isStartedHere) await stopPostmaster(control);
    throw this.#notJoined(reason);
  }

  async #start(): Promise<string | null> {
    const { control, settings, port } = this.#options;
    const chosenPort = port ?? (await choosePort(control.folder));
    return await startPostmaster(control, { ...settings, port: String(chosenPort) });
  }

  #notJoined(reason: unknown): Error {
    const { folder } = this.#options.control;
    return isRefusedPassword(reason)
      ? new Error(`The database in ${folder} refuses the password that is kept beside it.`, { cause: reason })
      : new Error(`The embedded PostgreSQL in ${folder} does not start: ${String(reason)}`, {
          cause: reason,
        });
  }

  async #recover(): Promise<void> {
    const { logger } = this.#options;
    const port = this.#port;
    logger.warn('the embedded PostgreSQL went away; bringing it back');
    try {
      await this.join();
    } catch (error) {
      if (!this.#leaving.signal.aborted) logger.error({ err: error }, 'the embedded PostgreSQL stays away');
      return;
    }
    if (this.#port === port) logger.info('the embedded PostgreSQL is back');
    else
      logger.error({ port: this.#port }, 'the embedded PostgreSQL is back on another port; restart Parley');
  }

  async #leave(): Promise<void> {
    this.#leaving.abort();
    await this.#recovery;
    // Without a lease the server is dead, or not known to be ours alone.
    if (this.#lease === null) return;
    const { client, socket } = this.#lease;
    // From here on the process has to wait for the answers, even if nothing else keeps it.
    socket.ref();
    try {
      if (await this.#isLast(client)) await stopPostmaster(this.#options.control);
    } finally {
      await client.end();
    }
  }

  async #isLast(lease: Client): Promise<boolean> {
    try {
      await lease.query('select pg_advisory_unlock_shared($1)', [leaseKey]);
      const { rows } = await lease.query<{ alone: boolean }>('select pg_try_advisory_lock($1) as alone', [
        leaseKey,
      ]);
      return rows[0]?.alone === true;
    } catch (error) {
      // A server that does not answer is not ours to stop; if it lives, the next start joins it.
      this.#options.logger.warn({ err: error }, 'the embedded PostgreSQL did not answer and is left alone');
      return false;
    }
  }
}

/** The address of a database of an embedded server. */
export function serverUrl(server: {
  readonly port: number;
  readonly password: string;
  readonly database: string;
}): string {
  const password = encodeURIComponent(server.password);
  return `postgres://postgres:${password}@127.0.0.1:${server.port}/${server.database}?sslmode=disable`;
}

// The rest of a killed server can hold its memory for a moment, and another process can be a moment ahead.
function willPass(reason: unknown): boolean {
  return /shared memory|already exists|could not bind|in use/i.test(String(reason));
}

function isRefusedPassword(reason: unknown): boolean {
  return reason instanceof DatabaseError && reason.code === wrongPassword;
}

/**
 * A connection that holds the shared lock; pg's own type cannot say whether it keeps the process alive, its
 * socket can.
 */
interface Lease {
  readonly client: Client;
  readonly socket: Socket;
}

async function connectLease(url: string): Promise<Lease | Error> {
  const socket = new Socket();
  const client = new Client({
    connectionString: url,
    stream: () => socket,
    application_name: 'parley lease',
    connectionTimeoutMillis: 2000,
    query_timeout: 60_000,
    keepAlive: true,
  });
  // Losing the connection is told by `end`; without a listener here it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select pg_advisory_lock_shared($1)', [leaseKey]);
    // A process that forgets to leave shall end all the same; its server is joined by the next one.
    socket.unref();
    return { client, socket };
  } catch (error) {
    await client.end();
    return error instanceof Error ? error : new Error(String(error));
  }
}
