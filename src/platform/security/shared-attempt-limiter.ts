import { MemoryAttemptLimiter, type AttemptLimit, type AttemptLimiter } from './attempt-limiter.ts';
import type { Clock } from '../runtime/clock.ts';

/** Numbers that several processes count together. */
export interface SharedCounters {
  /** Null while nobody answers. Each command rejects when it fails, and soon. */
  readonly session: {
    /**
     * Adds to the number of a key, which begins at 0 and ends so long after it has begun. Less than nothing
     * is added only to what there is. Answers the sum, and how many milliseconds are left.
     */
    addTo(key: string, by: number, ttlMs: number): Promise<{ readonly sum: number; readonly leftMs: number }>;
    removeMany(keys: readonly string[]): Promise<void>;
  } | null;
}

/**
 * Counts tries in common with other processes, and besides in the memory of this one: while the common
 * counters are away each process still refuses what there was too much of in it. It never refuses because
 * something is away.
 */
export class SharedAttemptLimiter implements AttemptLimiter {
  readonly #limit: AttemptLimit;
  readonly #counters: SharedCounters;
  readonly #keyPrefix: string;
  readonly #own: MemoryAttemptLimiter;

  constructor(
    options: AttemptLimit & {
      readonly clock: Clock;
      readonly keysMax: number;
      readonly counters: SharedCounters;
      /** Tells these counts from others in the same place. */
      readonly keyPrefix: string;
    },
  ) {
    this.#limit = options;
    this.#counters = options.counters;
    this.#keyPrefix = options.keyPrefix;
    this.#own = new MemoryAttemptLimiter(options);
  }

  async take(key: string): Promise<number | null> {
    const waitMs = await this.#own.take(key);
    if (waitMs !== null) return waitMs;
    const counted = await this.#shared((session) =>
      session.addTo(this.#keyPrefix + key, 1, this.#limit.windowMs),
    );
    return counted !== null && counted.sum > this.#limit.triesMax ? counted.leftMs : null;
  }

  async giveBack(key: string): Promise<void> {
    await this.#own.giveBack(key);
    await this.#shared((session) => session.addTo(this.#keyPrefix + key, -1, this.#limit.windowMs));
  }

  async forget(key: string): Promise<void> {
    await this.#own.forget(key);
    await this.#shared((session) => session.removeMany([this.#keyPrefix + key]));
  }

  async #shared<Result>(
    work: (session: NonNullable<SharedCounters['session']>) => Promise<Result>,
  ): Promise<Result | null> {
    const { session } = this.#counters;
    if (session === null) return null;
    try {
      return await work(session);
    } catch {
      // What this try would have counted for other processes is lost; it still counts here. The store tells
      // of its failures.
      return null;
    }
  }
}
