import { LRUCache } from 'lru-cache';
import type { Clock } from '../runtime/clock.ts';

/** Counts tries by key, and says when there were too many of them. None of its promises is ever rejected. */
export interface AttemptLimiter {
  /**
   * Counts a try, and answers null; or, where there were too many, how many milliseconds to wait before the
   * next.
   */
  take(key: string): Promise<number | null>;
  /** Uncounts one try. */
  giveBack(key: string): Promise<void>;
  /** Uncounts all tries. */
  forget(key: string): Promise<void>;
}

/** So many tries within so long; the time runs from a key's first try. */
export interface AttemptLimit {
  readonly triesMax: number;
  readonly windowMs: number;
}

interface Window {
  tries: number;
  readonly endsAt: number;
}

/**
 * Counts in the memory of the process, of a bounded number of keys: where others press on, those that were
 * not tried for longest are forgotten. rate-limiter-flexible's own memory grows without a bound and keeps a
 * timer for each key.
 */
export class MemoryAttemptLimiter implements AttemptLimiter {
  readonly #limit: AttemptLimit;
  readonly #clock: Clock;
  readonly #windows: LRUCache<string, Window>;

  constructor(options: AttemptLimit & { readonly clock: Clock; readonly keysMax: number }) {
    this.#limit = options;
    this.#clock = options.clock;
    this.#windows = new LRUCache({ max: options.keysMax });
  }

  async take(key: string): Promise<number | null> {
    const now = this.#clock.now();
    const window = this.#windowOf(key, now);
    if (window.tries >= this.#limit.triesMax) return window.endsAt - now;
    window.tries += 1;
    return null;
  }

  async giveBack(key: string): Promise<void> {
    const window = this.#windows.get(key);
    if (window !== undefined && window.tries > 0) window.tries -= 1;
  }

  async forget(key: string): Promise<void> {
    this.#windows.delete(key);
  }

  #windowOf(key: string, now: number): Window {
    const known = this.#windows.get(key);
    if (known !== undefined && known.endsAt > now) return known;
    const window = { tries: 0, endsAt: now + this.#limit.windowMs };
    this.#windows.set(key, window);
    return window;
  }
}
