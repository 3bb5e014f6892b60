import { LRUCache } from 'lru-cache';
import type { Clock } from '../runtime/clock.ts';

/** Limits attempts per key. Its promises never reject. */
export interface AttemptLimiter {
  /** Counts an attempt; resolves with null, or with the milliseconds until the next allowed attempt. */
  take(key: string): Promise<number | null>;
  /** Takes back one attempt. */
  giveBack(key: string): Promise<void>;
  /** Takes back all attempts. */
  forget(key: string): Promise<void>;
}

/** The maximum number of attempts in a window that starts with the first attempt of a key. */
export interface AttemptLimit {
  readonly triesMax: number;
  readonly windowMs: number;
}

interface Window {
  tries: number;
  readonly endsAt: number;
}

/**
 * Counts attempts in the memory of the process, for a bounded number of keys of which the least recently used
 * are evicted. rate-limiter-flexible's memory is unbounded, has a timer per key and reads the system clock.
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
