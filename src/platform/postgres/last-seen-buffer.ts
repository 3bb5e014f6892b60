import { LRUCache } from 'lru-cache';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/logger.ts';

/** An object of a tenant, such as a session, and the time of its last use. */
export interface LastSeen {
  readonly tenantId: string;
  readonly id: string;
  readonly at: Date;
}

/** The options of a buffer. */
interface LastSeenOptions {
  /** The kind of object, for the log. */
  readonly name: string;
  /** Stores a batch. */
  readonly write: (lastSeen: readonly LastSeen[]) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The maximum number of objects that wait to be written; uses of further objects are dropped. */
  readonly waitingMax: number;
}

/** The minimum interval between two writes of the same object. */
const writtenAgainAfterMs = 60_000;

/**
 * A write-behind buffer of last-seen times: requests wait for no write, and an object in constant use is
 * written once a minute. Times that could not be written wait for the next batch.
 */
export class LastSeenBuffer {
  readonly #options: LastSeenOptions;
  readonly #waiting = new Map<string, { readonly tenantId: string; at: number }>();
  /** The time of each object's last write; an evicted object is only written sooner. */
  readonly #written: LRUCache<string, number>;
  #underWay = Promise.resolve();
  #missed = 0;

  constructor(options: LastSeenOptions) {
    this.#options = options;
    this.#written = new LRUCache({ max: options.waitingMax });
  }

  /** Records a use at the current time. */
  note(tenantId: string, id: string): void {
    const at = this.#options.clock.now();
    const known = this.#waiting.get(id);
    if (known !== undefined) known.at = at;
    else if (this.#waiting.size < this.#options.waitingMax) this.#waiting.set(id, { tenantId, at });
    else this.#missed += 1;
  }

  /** Writes the times that have waited long enough, or all. Never rejects: a failure is logged. */
  async flush({ all = false } = {}): Promise<void> {
    // Sequentially, so that no time is written twice.
    this.#underWay = this.#underWay.then(() => this.#write(this.#due(all)));
    await this.#underWay;
  }

  /** Flushes periodically until the returned function is called, which flushes the rest. */
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
      logger.warn({ missed: this.#missed }, `dropped last-seen times of ${name}: the buffer is full`);
      this.#missed = 0;
    }
    if (lastSeen.length === 0) return;
    try {
      await write(lastSeen);
    } catch (error) {
      // The times stay in the buffer and keep using its capacity; a last-seen time may be lost, a request
      // must not.
      logger.warn({ err: error, waiting: this.#waiting.size }, `could not write last-seen times of ${name}`);
      return;
    }
    const now = clock.now();
    for (const { id, at } of lastSeen) {
      this.#written.set(id, now);
      if (this.#waiting.get(id)?.at === at.getTime()) this.#waiting.delete(id);
    }
  }
}
