import { LRUCache } from 'lru-cache';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Something of a tenant that was used, and when it was used last. */
export interface LastSeen {
  readonly tenantId: string;
  readonly id: string;
  readonly at: Date;
}

/** Settings of a buffer. */
interface LastSeenOptions {
  /** What is seen, for the log. */
  readonly name: string;
  /** Stores them all at once. */
  readonly write: (lastSeen: readonly LastSeen[]) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of how many things at most a sighting waits to be written; what is seen beyond that is not noted. */
  readonly waitingMax: number;
}

/** The same thing is written at most this often. */
const writtenAgainAfterMs = 60_000;

/**
 * Remembers when things were used, and writes it down in batches: a request costs no write, and a thing that is used all
 * the time is written once a minute. What could not be written waits for the next batch.
 */
export class LastSeenBuffer {
  readonly #options: LastSeenOptions;
  readonly #waiting = new Map<string, { readonly tenantId: string; at: number }>();
  /** When each thing was written last. What is pushed out here is only written sooner. */
  readonly #written: LRUCache<string, number>;
  #underWay = Promise.resolve();
  #missed = 0;

  constructor(options: LastSeenOptions) {
    this.#options = options;
    this.#written = new LRUCache({ max: options.waitingMax });
  }

  /** That something is used just now. */
  note(tenantId: string, id: string): void {
    const at = this.#options.clock.now();
    const known = this.#waiting.get(id);
    if (known !== undefined) known.at = at;
    else if (this.#waiting.size < this.#options.waitingMax) this.#waiting.set(id, { tenantId, at });
    else this.#missed += 1;
  }

  /** Writes what has waited long enough, or with `all` everything that waits. Never rejects: a failure is logged. */
  async flush({ all = false } = {}): Promise<void> {
    // One after the other, so that nothing is written twice.
    this.#underWay = this.#underWay.then(() => this.#write(this.#due(all)));
    await this.#underWay;
  }

  /** Flushes every so often until the returned function is called, which writes what is left. */
  start(everyMs: number): () => Promise<void> {
    const timer = setInterval(() => void this.flush(), everyMs);
    timer.unref();
    return async () => {
      clearInterval(timer);
      await this.flush({ all: true });
    };
  }

  #due(all: boolean): LastSeen[] {
    const writtenBefore = this.#options.clock.now() - writtenAgainAfterMs;
    return [...this.#waiting].flatMap(([id, { tenantId, at }]) =>
      all || (this.#written.get(id) ?? -Infinity) <= writtenBefore
        ? [{ tenantId, id, at: new Date(at) }]
        : [],
    );
  }

  async #write(lastSeen: readonly LastSeen[]): Promise<void> {
    const { clock, logger, name, write } = this.#options;
    if (this.#missed > 0) {
      logger.warn({ missed: this.#missed }, `too many ${name} were seen at once to note them all`);
      this.#missed = 0;
    }
    if (lastSeen.length === 0) return;
    try {
      await write(lastSeen);
    } catch (error) {
      // They stay where they are, and with them the room that they take; when something was seen may be lost, a request not.
      logger.warn({ err: error, waiting: this.#waiting.size }, `when ${name} were seen could not be written`);
      return;
    }
    const now = clock.now();
    for (const { id, at } of lastSeen) {
      this.#written.set(id, now);
      if (this.#waiting.get(id)?.at === at.getTime()) this.#waiting.delete(id);
    }
  }
}
