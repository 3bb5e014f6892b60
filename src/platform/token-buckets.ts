import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.ts';

/** How full a bucket is after what was taken from it. */
export interface BucketLevel {
  readonly capacity: number;
  readonly remaining: number;
  /** When it will be full again, in milliseconds since the epoch. */
  readonly fullAt: number;
  /** How long until what was asked for will be there; 0 when it was. */
  readonly waitMs: number;
}

interface Bucket {
  tokens: number;
  filledAt: number;
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

  /** What taking so many would leave, or how long to wait; nothing is taken. More than fits takes all there is. */
  look(key: string, tokens: number): BucketLevel {
    return this.#levelOf(this.#fill(key), this.#wanted(tokens));
  }

  /** Takes so many, below zero if need be: others may have used what was here. */
  take(key: string, tokens: number): BucketLevel {
    const bucket = this.#fill(key);
    bucket.tokens -= this.#wanted(tokens);
    return this.#levelOf(bucket, 0);
  }

  #wanted(tokens: number): number {
    return Math.min(tokens, this.#capacity);
  }

  #fill(key: string): Bucket {
    const now = this.#clock.now();
    const known = this.#buckets.get(key);
    if (known === undefined) {
      const bucket = { tokens: this.#capacity, filledAt: now };
      this.#buckets.set(key, bucket);
      return bucket;
    }
    // A clock that was set back must not empty it.
    const elapsedMs = Math.max(0, now - known.filledAt);
    known.tokens = Math.min(this.#capacity, known.tokens + (elapsedMs / minuteMs) * this.#capacity);
    known.filledAt = now;
    return known;
  }

  #levelOf({ tokens, filledAt }: Bucket, wanted: number): BucketLevel {
    const msFor = (missing: number) => Math.max(0, Math.ceil((missing / this.#capacity) * minuteMs));
    const remaining = tokens - wanted;
    return {
      capacity: this.#capacity,
      remaining: Math.max(0, Math.floor(remaining)),
      fullAt: filledAt + msFor(this.#capacity - remaining),
      waitMs: msFor(-remaining),
    };
  }
}
