import { LRUCache } from 'lru-cache';
import type { Clock } from '../runtime/clock.ts';

/** The level of a bucket after tokens were taken. */
export interface BucketLevel {
  readonly capacity: number;
  readonly remaining: number;
  /** The time at which the bucket is full again, in milliseconds since the epoch. */
  readonly fullAt: number;
}

const minuteMs = 60_000;

/**
 * Token buckets by key, which refill within a minute, in the memory of the process. The number of keys is
 * bounded by evicting the least recently used, whose bucket is mostly full again.
 */
export class TokenBuckets {
  readonly #capacity: number;
  readonly #clock: Clock;
  readonly #buckets: LRUCache<string, Bucket>;

  constructor(options: { readonly capacity: number; readonly keysMax: number; readonly clock: Clock }) {
    this.#capacity = options.capacity;
    this.#clock = options.clock;
    this.#buckets = new LRUCache({ max: options.keysMax });
  }

  /** Returns the bucket of a key, to be used synchronously because it may be evicted. */
  of(key: string): Bucket {
    const now = this.#clock.now();
    const known = this.#buckets.get(key);
    if (known !== undefined) {
      known.fill(now);
      return known;
    }
    const bucket = new Bucket(this.#capacity, now);
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

/** The token bucket of one key. */
export class Bucket {
  readonly #capacity: number;
  #tokens: number;
  #filledAt: number;

  constructor(capacity: number, now: number) {
    this.#capacity = capacity;
    this.#tokens = capacity;
    this.#filledAt = now;
  }

  /** Adds the tokens of the elapsed time. */
  fill(now: number): void {
    // A clock that is set back must not empty the bucket.
    const elapsedMs = Math.max(0, now - this.#filledAt);
    this.#tokens = Math.min(this.#capacity, this.#tokens + (elapsedMs / minuteMs) * this.#capacity);
    this.#filledAt = now;
  }

  /**
   * Returns the milliseconds until `tokens` are available, or until the bucket is full if its capacity is
   * smaller; tokens that were `paid` before are subtracted.
   */
  waitMsFor(tokens: number, paid = 0): number {
    return this.#msFor(this.#wanted(tokens + paid) - Math.min(paid, this.#capacity) - this.#tokens);
  }

  /**
   * Takes tokens, at most the capacity. The level may become negative, because other processes use the same
   * key.
   */
  take(tokens: number): BucketLevel {
    this.#tokens -= this.#wanted(tokens);
    return {
      capacity: this.#capacity,
      remaining: Math.max(0, Math.floor(this.#tokens)),
      fullAt: this.#filledAt + this.#msFor(this.#capacity - this.#tokens),
    };
  }

  #wanted(tokens: number): number {
    return Math.min(tokens, this.#capacity);
  }

  #msFor(missing: number): number {
    return Math.max(0, Math.ceil((missing / this.#capacity) * minuteMs));
  }
}
