import { MemoryAttemptLimiter, type AttemptLimit, type AttemptLimiter } from './attempt-limiter.ts';
import type { Clock } from '../runtime/clock.ts';

/** Counters that several processes share. */
export interface SharedCounters {
  /** Null while the store is away. Each command has a timeout and rejects when it fails. */
  readonly session: {
    /**
     * Adds to the counter of a key, which starts at 0 and expires `ttlMs` after its start; a negative number
     * is added only to an existing counter. Resolves with the sum and the milliseconds until it expires.
     */
    addTo(key: string, by: number, ttlMs: number): Promise<{ readonly sum: number; readonly leftMs: number }>;
    removeMany(keys: readonly string[]): Promise<void>;
  } | null;
}

/**
 * Counts attempts both in shared counters and in the memory of the process, which still limits attempts while
 * the shared counters are away. An outage never rejects an attempt.
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
      /** Separates these counters from others in the same store. */
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
      // The attempt still counts in this process. The store logs its own failures.
      return null;
    }
  }
}
