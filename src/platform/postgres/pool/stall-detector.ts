import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../../telemetry/logger.ts';
import { isAwaitingResponse, processIdOf } from '../driver/driver.ts';
import type { DatabaseTimeouts } from '../timeouts.ts';
import { PooledClient } from './pooled-client.ts';
import type { ValidatingPool } from './validating-pool.ts';

/** A connection that owes a response of which no byte has arrived since the first of several samples. */
interface StalledConnection {
  readonly client: PooledClient;
  readonly since: number;
  readonly bytesRead: number;
}

const sampleEveryMs = 100;
/** The interval of further probes while a slow statement runs on a responsive database. */
const probeAgainMs = 2000;
/** The time for a response that was on its way during the probe. */
const confirmMs = 500;

type WatchedPool = Pick<ValidatingPool, 'clientsIn' | 'respondedAt' | 'destroy' | 'isUnresponsive'>;
type StallTimeouts = Pick<DatabaseTimeouts, 'patienceMs' | 'probeMs'>;

/**
 * Detects a database, or a connection, that stopped responding without closing. An overdue response triggers
 * a probe on a separate connection: without a response everything that waits fails; else connections idle in
 * PostgreSQL are destroyed.
 */
export class StallDetector {
  readonly #pool: WatchedPool;
  readonly #url: string;
  readonly #timeouts: StallTimeouts;
  readonly #logger: Logger;
  #stalled: readonly StalledConnection[] = [];
  #responsiveAt = 0;
  #isUnresponsive = false;
  #isProbing = false;

  constructor(pool: WatchedPool, url: string, timeouts: StallTimeouts, logger: Logger) {
    this.#pool = pool;
    this.#url = url;
    this.#timeouts = timeouts;
    this.#logger = logger;
  }

  /** Starts sampling; the returned function stops it. */
  start(): () => void {
    const timer = setInterval(() => void this.#detect(), sampleEveryMs).unref();
    return () => clearInterval(timer);
  }

  async #detect(): Promise<void> {
    this.#sample();
    const now = performance.now();
    const pending = [...this.#pool.clientsIn('opening'), ...this.#pool.clientsIn('checking')];
    const isDue = [...this.#stalled, ...pending].some(({ since }) => this.#isProbeDue(since, now));
    if (this.#isProbing || !(isDue || this.#isUnresponsive)) return;
    this.#isProbing = true;
    const suspects = this.#stalled.filter(({ since }) => now - since >= this.#timeouts.patienceMs);
    const dead = await findDead(suspects, this.#url, this.#timeouts.probeMs);
    // If the process itself was busy, other responses may have arrived meanwhile; they are read first.
    await setImmediate();
    const isResponsive = dead !== null || this.#pool.respondedAt > now;
    if (isResponsive) this.#responsiveAt = performance.now();
    this.#report(!isResponsive);
    if (dead !== null && dead.length > 0) await this.#destroy(suspects, dead);
    this.#isProbing = false;
  }

  /** Updates the stalled connections; sampling adds nothing to the cost of a statement. */
  #sample(): void {
    const now = performance.now();
    const before = new Map(this.#stalled.map((each) => [each.client, each]));
    this.#stalled = this.#pool
      .clientsIn('held')
      .filter(isAwaitingResponse)
      .map((client) => {
        const known = before.get(client);
        const { bytesRead } = client;
        return known?.bytesRead === bytesRead ? known : { client, since: now, bytesRead };
      });
  }

  #isProbeDue(since: number, now: number): boolean {
    const overdueAt = since + this.#timeouts.patienceMs;
    return now >= overdueAt && (this.#responsiveAt < overdueAt || now - this.#responsiveAt > probeAgainMs);
  }

  #report(isUnresponsive: boolean): void {
    if (isUnresponsive === this.#isUnresponsive) return;
    this.#isUnresponsive = isUnresponsive;
    this.#pool.isUnresponsive = isUnresponsive;
    if (isUnresponsive) this.#logger.error('database unresponsive: failing pending statements');
    else this.#logger.info('database responsive again');
  }

  async #destroy(suspects: readonly StalledConnection[], dead: readonly StalledConnection[]): Promise<void> {
    // A backend that was stopped while it worked still counts as active. If most are dead, it is dead as
    // well.
    const candidates = dead.length * 2 >= suspects.length ? suspects : dead;
    await wait(confirmMs);
    // Responses that have arrived are read before a connection is judged.
    await setImmediate();
    this.#sample();
    const clients = candidates.filter((each) => this.#stalled.includes(each)).map(({ client }) => client);
    if (clients.length === 0) return;
    this.#pool.destroy(clients);
    this.#logger.error({ connections: clients.length }, 'dead database connections replaced');
  }
}

/**
 * Returns the suspects for which PostgreSQL has no active statement, by a query on a separate connection, or
 * null without any response. A refusal is a response too, for example of a server without free connections.
 */
async function findDead(
  suspects: readonly StalledConnection[],
  url: string,
  timeoutMs: number,
): Promise<readonly StalledConnection[] | null> {
  const probe = new PooledClient({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'parley probe',
  });
  probe.on('error', ignore);
  try {
    await probe.connect();
    const processIds = suspects.map(({ client }) => processIdOf(client));
    const { rows } = await probe.query<{ own: number; active: number[] }>(activeBackends, [processIds]);
    const [row] = rows;
    // Behind a pooler the process ids are the pooler's own, and no connection can be judged.
    if (row === undefined || row.own !== processIdOf(probe)) return [];
    const active = new Set<number | null>([...row.active, null]);
    return suspects.filter(({ client }) => !active.has(processIdOf(client)));
  } catch (error) {
    // By pg's message, not by the elapsed time, as timers may fire slightly early. A server that sent bytes
    // is only slow.
    const isTimeout = error instanceof Error && error.message === 'timeout expired';
    return isTimeout && probe.bytesRead === 0 ? null : [];
  } finally {
    void probe.end().catch(ignore);
  }
}

// A backend whose state is hidden or not tracked counts as active.
const activeBackends = `select pg_backend_pid() as own, array(
    select pid from pg_stat_activity where pid = any($1::int[]) and coalesce(state, '') not like 'idle%'
  ) as active`;

function ignore(): void {}
