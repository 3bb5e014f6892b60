import { LRUCache } from 'lru-cache';
import type { Clock } from '../runtime/clock.ts';

/** A limit of a key: `triesMax` attempts immediately, then another each `windowMs / triesMax`. */
export interface AttemptLimit {
  readonly name: string;
  readonly triesMax: number;
}

/** Slows attempts down per key, each key with limits of its own. Its promises never reject. */
export interface AttemptLimiter {
  /**
   * Counts an attempt against each of these limits, or against none if one is reached. Resolves with null, or
   * with the milliseconds until the next allowed attempt.
   */
  take(key: string, limits: readonly AttemptLimit[]): Promise<number | null>;
  /** Takes back one attempt. */
  giveBack(key: string, limits: readonly AttemptLimit[]): Promise<void>;
  /** Takes back all attempts of the key, or only those of the named limit. */
  forget(key: string, name?: string): Promise<void>;
}

/**
 * Counts attempts in the memory of the process, for a bounded number of limits of which those of the least
 * recently used keys are evicted. rate-limiter-flexible's memory is unbounded, has a timer per key and reads
 * the system clock.
 */
export class MemoryAttemptLimiter implements AttemptLimiter {
  readonly #windowMs: number;
  readonly #clock: Clock;
  /** For each limit of a key the time at which it is unused again (the generic cell rate algorithm). */
  readonly #keys: LRUCache<string, Map<string, number>>;

  constructor(options: { readonly windowMs: number; readonly clock: Clock; readonly limitsMax: number }) {
    this.#windowMs = options.windowMs;
    this.#clock = options.clock;
    this.#keys = new LRUCache({ maxSize: options.limitsMax });
  }

  async take(key: string, limits: readonly AttemptLimit[]): Promise<number | null> {
    const now = this.#clock.now();
    const unusedAt = this.#keys.get(key) ?? new Map<string, number>();
    let latest = 0;
    for (const { name, triesMax } of limits) {
      latest = Math.max(latest, Math.max(now, unusedAt.get(name) ?? 0) + this.#windowMs / triesMax);
    }
    const waitMs = latest - now - this.#windowMs;
    // A window divided by three and multiplied by three may be longer by a rounding error.
    if (waitMs >= 1) return Math.ceil(waitMs);
    for (const [name, at] of unusedAt) if (at <= now) unusedAt.delete(name);
    for (const { name, triesMax } of limits) {
      unusedAt.set(name, Math.max(now, unusedAt.get(name) ?? 0) + this.#windowMs / triesMax);
    }
    this.#keys.set(key, unusedAt, { size: unusedAt.size });
    return null;
  }

  async giveBack(key: string, limits: readonly AttemptLimit[]): Promise<void> {
    const unusedAt = this.#keys.get(key);
    for (const { name, triesMax } of limits) {
      const at = unusedAt?.get(name);
      if (at !== undefined) unusedAt?.set(name, at - this.#windowMs / triesMax);
    }
  }

  async forget(key: string, name?: string): Promise<void> {
    if (name === undefined) this.#keys.delete(key);
    else this.#keys.get(key)?.delete(name);
  }
}
