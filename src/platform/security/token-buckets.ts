import { LRUCache } from 'lru-cache';
import type { Clock } from '../runtime/clock.ts';

/** How full a bucket is after what was taken from it. */
export interface BucketLevel {
  readonly capacity: number;
  readonly remaining: number;
  /** When it will be full again, in milliseconds since the epoch. */
  readonly fullAt: number;
}

const minuteMs = 60_000;

/**
 * A bucket for each key, which fills up within a minute. In the memory of the process, of a bounded number of keys: the one that
 * was not used for longest is forgotten, and would mostly be full again. Nothing here waits for anything.
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

  /** The bucket of a key; to be used at once, because it may be forgotten. */
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

/** What one key has left. */
export class Bucket {
  readonly #capacity: number;
  #tokens: number;
  #filledAt: number;

  constructor(capacity: number, now: number) {
    this.#capacity = capacity;
    this.#tokens = capacity;
    this.#filledAt = now;
  }

  /** Adds what has come since the last time. */
  fill(now: number): void {
    // A clock that was set back must not empty it.
    const elapsedMs = Math.max(0, now - this.#filledAt);
    this.#tokens = Math.min(this.#capacity, this.#tokens + (elapsedMs / minuteMs) * this.#capacity);
    this.#filledAt = now;
  }

  /**
   * The milliseconds until so many tokens will be there; 0 when they are. More than fits waits for a full bucket, less those
   * that were `paid` before.
   */
  waitMsFor(tokens: number, paid = 0): number {
    return this.#msFor(this.#wanted(tokens + paid) - Math.min(paid, this.#capacity) - this.#tokens);
  }

  /** Takes so many, below zero if need be: others may have used what was here. More than fits takes all there is. */
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
