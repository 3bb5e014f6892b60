import { Socket } from 'node:net';
import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import type { Logger } from '../../telemetry/logger.ts';
import type { CheckedPool } from './validating-pool.ts';
import type { Silence } from './stalled-connections.ts';

/** How soon a database that says nothing at all is noticed, in milliseconds. */
export interface FreezeTimes {
  /** For how long somebody may wait before anybody wonders. */
  readonly patienceMs: number;
  /** How long the database may take to answer whether it is there. */
  readonly probeMs: number;
}

const lookEveryMs = 100;
/** While one statement takes long and the database is well. */
const probeAgainMs = 2000;
/** For an answer that was on its way when PostgreSQL was asked. */
const confirmMs = 500;

/** What is watched. */
type WatchedPool = Pick<CheckedPool, 'connectingSince' | 'discard' | 'heardAt' | 'isAway' | 'silences'>;

/**
 * Notices that a database, or a connection to it, has gone without a word, and when the database is back. A network that swallows
 * everything, or a server that is frozen, closes no connection, and only PostgreSQL itself could stop a statement. A slow
 * statement is no sign of it; so the database is asked, on a connection of its own. When nothing at all comes back, everything is
 * given up that waits; when PostgreSQL works on nothing for a connection that owes an answer, that one is.
 */
export class FreezeWatch {
  readonly #pool: WatchedPool;
  readonly #url: string;
  readonly #times: FreezeTimes;
  readonly #logger: Logger;
  #wellAt = 0;
  #isAway = false;
  #isProbing = false;

  constructor(options: {
    readonly pool: WatchedPool;
    readonly url: string;
    readonly times: FreezeTimes;
    readonly logger: Logger;
  }) {
    this.#pool = options.pool;
    this.#url = options.url;
    this.#times = options.times;
    this.#logger = options.logger;
  }

  /** Begins to look; the returned function ends it. */
  start(): () => void {
    const timer = setInterval(() => void this.#look(), lookEveryMs).unref();
    return () => clearInterval(timer);
  }

  async #look(): Promise<void> {
    const silences = this.#pool.silences();
    const now = performance.now();
    if (this.#isProbing || !this.#isDoubtful(silences, now)) return;
    this.#isProbing = true;
    const suspects = silences.filter(({ since }) => now - since >= this.#times.patienceMs);
    const found = await askAfter(suspects, this.#url, this.#times.probeMs);
    const isThere = found !== null || (await this.#hasSpokenSince(now));
    if (isThere) this.#wellAt = performance.now();
    this.#conclude(!isThere);
    if (found !== null && found.size > 0) await this.#discard(suspects, found);
    this.#isProbing = false;
  }

  #isDoubtful(silences: readonly Silence[], now: number): boolean {
    if (this.#isAway) return true;
    const { patienceMs } = this.#times;
    return [...silences.map(({ since }) => since), ...this.#pool.connectingSince()].some(
      (since) =>
        now - since >= patienceMs && (this.#wellAt < since + patienceMs || now - this.#wellAt > probeAgainMs),
    );
  }

  /** A process that is short of time may be the one that did not listen; then somebody else's answer is there to be read. */
  async #hasSpokenSince(moment: number): Promise<boolean> {
    await setImmediate();
    return this.#pool.heardAt > moment;
  }

  #conclude(isAway: boolean): void {
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.#pool.isAway = isAway;
    if (isAway) this.#logger.error('the database says nothing; what waits for it is given up');
    else this.#logger.info('the database answers again');
  }

  async #discard(suspects: readonly Silence[], dead: ReadonlySet<Silence>): Promise<void> {
    // A backend that was stopped at work still counts as at work. Where most are dead, what became of them became of it too.
    const doomed = dead.size * 2 >= suspects.length ? suspects : [...dead];
    await wait(confirmMs);
    // What has arrived is read before it is judged.
    await setImmediate();
    const stillSilent = new Set(this.#pool.silences());
    const clients = doomed.filter((silence) => stillSilent.has(silence)).map(({ client }) => client);
    if (clients.length === 0) return;
    this.#pool.discard(clients);
    this.#logger.error(
      { connections: clients.length },
      'connections to the database are dead; they are replaced',
    );
  }
}

/**
 * Those for which PostgreSQL works on nothing, asked on a connection of its own; null when nothing comes back. Any answer is one: a
 * server that is full or refuses us is there.
 */
async function askAfter(
  suspects: readonly Silence[],
  url: string,
  timeoutMs: number,
): Promise<ReadonlySet<Silence> | null> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'parley probe',
  });
  client.on('error', ignore);
  try {
    await client.connect();
    return await findIdle(client, suspects);
  } catch (error) {
    return isSilence(error) && heardFrom(client) === 0 ? null : new Set();
  } finally {
    void client.end().catch(ignore);
  }
}

async function findIdle(client: Client, suspects: readonly Silence[]): Promise<ReadonlySet<Silence>> {
  const known = suspects.filter(({ processId }) => processId !== null);
  if (known.length === 0) return new Set();
  const { rows } = await client.query<{ processId: number; busy: number[] }>(whoIsBusy, [
    known.map(({ processId }) => processId),
  ]);
  const [row] = rows;
  // Behind a pooler, connections have other numbers than in PostgreSQL, and nothing can be said.
  if (row === undefined || row.processId !== Reflect.get(client, 'processID')) return new Set();
  const busy = new Set(row.busy);
  return new Set(known.filter(({ processId }) => processId !== null && !busy.has(processId)));
}

// Where the state may not be seen, or is not kept, a connection is taken for busy.
const whoIsBusy = `select pg_backend_pid() as "processId", array(
    select pid from pg_stat_activity where pid = any($1::int[]) and coalesce(state, '') not like 'idle%'
  ) as busy`;

/** In pg's own words. The time it took would not tell: timers count whole milliseconds, and so may end a little early. */
function isSilence(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout expired';
}

/** In bytes. A server that began to answer is there, and short of time. */
function heardFrom(client: Client): number {
  const { stream } = client.connection;
  return stream instanceof Socket ? stream.bytesRead : 0;
}

/** Whether it could be closed in good order is of no interest. */
function ignore(): void {}
