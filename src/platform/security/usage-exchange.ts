import { LRUCache } from 'lru-cache';
import type { SharedCounters } from './shared-attempt-limiter.ts';

/** The maximum number of keys per exchange, those with the highest usage first. */
const sentMax = 500;
const windowMs = 60_000;
/** The maximum number of keys whose last shared usage is known. */
const keysMax = 50_000;

/** Adds to a counter and returns the sum. One script, so that no counter can remain without an expiry. */
const addScript = `
  local sum = redis.call('incrby', KEYS[1], ARGV[1])
  if redis.call('pttl', KEYS[1]) < 0 then redis.call('pexpire', KEYS[1], ARGV[2]) end
  return sum`;

/**
 * Exchanges usage with other processes periodically, and never while a request waits. While the store is
 * away, usage is not shared, but each process still counts its own.
 */
export class UsageExchange {
  readonly #counters: SharedCounters;
  readonly #keyPrefix: string;
  readonly #onUsedElsewhere: (key: string, amount: number) => void;
  readonly #unsent = new Map<string, number>();
  readonly #known = new LRUCache<string, number>({ max: keysMax });
  #isUnderWay = false;

  constructor(options: {
    readonly counters: SharedCounters;
    /** Separates these counters from others in the same store. */
    readonly keyPrefix: string;
    readonly onUsedElsewhere: (key: string, amount: number) => void;
  }) {
    this.#counters = options.counters;
    this.#keyPrefix = options.keyPrefix;
    this.#onUsedElsewhere = options.onUsedElsewhere;
  }

  /** Records usage for the next exchange. */
  note(key: string, amount: number): void {
    if (this.#unsent.size < keysMax) this.#unsent.set(key, (this.#unsent.get(key) ?? 0) + amount);
  }

  /** Runs one exchange, unless another is running. Never rejects. */
  async exchange(): Promise<void> {
    if (this.#isUnderWay || this.#unsent.size === 0) return;
    this.#isUnderWay = true;
    const sent = [...this.#unsent].toSorted(([, left], [, right]) => right - left).slice(0, sentMax);
    for (const [key] of sent) this.#unsent.delete(key);
    await Promise.all(sent.map(([key, amount]) => this.#send(key, amount)));
    this.#isUnderWay = false;
  }

  async #send(key: string, amount: number): Promise<void> {
    const sum = await this.#add(key, Math.ceil(amount));
    if (sum === null) return;
    const known = this.#known.get(key) ?? 0;
    this.#known.set(key, sum);
    // A smaller sum belongs to a new window.
    const elsewhere = sum - Math.ceil(amount) - (sum < known ? 0 : known);
    if (elsewhere > 0) this.#onUsedElsewhere(key, elsewhere);
  }

  async #add(key: string, amount: number): Promise<number | null> {
    try {
      const args = [amount, windowMs];
      const sum = await this.#counters.session?.runScript(addScript, this.#keyPrefix + key, args);
      return typeof sum === 'number' ? sum : null;
    } catch {
      // Allowed to be lost: the usage still counts here. The store logs its own failures.
      return null;
    }
  }
}
