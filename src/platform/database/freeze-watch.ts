import { Client } from 'pg';
import type { Logger } from '../logger.ts';
import type { CheckedPool } from './checked-pool.ts';

/** How soon a database that says nothing at all is noticed, in milliseconds. */
export interface FreezeTimes {
  /** For how long somebody may wait before anybody wonders. */
  readonly patienceMs: number;
  /** How long the database may take to answer whether it is there. */
  readonly probeMs: number;
}

const lookEveryMs = 200;
/** While one connection is in use for long and the database is well, such as in an import. */
const probeAgainMs = 5000;

/**
 * Notices that a database has gone without a word, and when it is back. A network that swallows everything, or a server that is
 * frozen, closes no connection, and only PostgreSQL itself could stop a statement. A slow statement is no sign of it; so the
 * database is asked, on a connection of its own, and only when nothing at all comes back is everything given up that waits.
 */
export class FreezeWatch {
  readonly #pool: Pick<CheckedPool, 'busySince' | 'isAway'>;
  readonly #url: string;
  readonly #times: FreezeTimes;
  readonly #logger: Logger;
  #wellAt = 0;
  #isAway = false;
  #isProbing = false;

  constructor(options: {
    readonly pool: Pick<CheckedPool, 'busySince' | 'isAway'>;
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
    if (this.#isProbing || !this.#isDoubtful(performance.now())) return;
    this.#isProbing = true;
    const isThere = await isAnswering(this.#url, this.#times.probeMs);
    this.#isProbing = false;
    if (isThere) this.#wellAt = performance.now();
    this.#conclude(!isThere);
  }

  #isDoubtful(now: number): boolean {
    if (this.#isAway) return true;
    const { patienceMs } = this.#times;
    return this.#pool
      .busySince()
      .some(
        (since) =>
          now - since >= patienceMs &&
          (this.#wellAt < since + patienceMs || now - this.#wellAt > probeAgainMs),
      );
  }

  #conclude(isAway: boolean): void {
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.#pool.isAway = isAway;
    if (isAway) this.#logger.error('the database says nothing; what waits for it is given up');
    else this.#logger.info('the database answers again');
  }
}

/** Any answer is one: a server that is full or refuses us is there. Only silence is none. */
async function isAnswering(url: string, timeoutMs: number): Promise<boolean> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    application_name: 'parley probe',
  });
  client.on('error', ignore);
  try {
    await client.connect();
    return true;
  } catch (error) {
    return !isSilence(error);
  } finally {
    void client.end().catch(ignore);
  }
}

/** In pg's own words. The time it took would not tell: timers count whole milliseconds, and so may end a little early. */
function isSilence(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout expired';
}

/** Whether it could be closed in good order is of no interest. */
function ignore(): void {}
