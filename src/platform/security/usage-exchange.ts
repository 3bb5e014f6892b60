import { LRUCache } from 'lru-cache';
import type { SharedCounters } from './shared-attempt-limiter.ts';

/** The keys that are told of at once: those that used the most; the others have to wait for their turn. */
const toldMax = 500;
const windowMs = 60_000;
/** The keys of which is remembered what had been used of them. */
const keysMax = 50_000;

/**
 * Tells other processes what was used here and learns what they used, every now and then and never while a
 * request waits. What is lost on the way, because nobody answered, others do not learn of: each process still
 * counts what was used in it.
 */
export class UsageExchange {
  readonly #counters: SharedCounters;
  readonly #keyPrefix: string;
  readonly #onUsedElsewhere: (key: string, amount: number) => void;
  readonly #untold = new Map<string, number>();
  readonly #known = new LRUCache<string, number>({ max: keysMax });
  #isUnderWay = false;

  constructor(options: {
    readonly counters: SharedCounters;
    /** Tells these counts from others in the same place. */
    readonly keyPrefix: string;
    readonly onUsedElsewhere: (key: string, amount: number) => void;
  }) {
    this.#counters = options.counters;
    this.#keyPrefix = options.keyPrefix;
    this.#onUsedElsewhere = options.onUsedElsewhere;
  }

  /** Takes no time: it is told later. */
  note(key: string, amount: number): void {
    if (this.#untold.size < keysMax) this.#untold.set(key, (this.#untold.get(key) ?? 0) + amount);
  }

  /** One exchange; none begins while another is under way. Never rejects. */
  async exchange(): Promise<void> {
    if (this.#isUnderWay || this.#untold.size === 0) return;
    this.#isUnderWay = true;
    const told = [...this.#untold].toSorted(([, left], [, right]) => right - left).slice(0, toldMax);
    for (const [key] of told) this.#untold.delete(key);
    await Promise.all(told.map(([key, amount]) => this.#tell(key, amount)));
    this.#isUnderWay = false;
  }

  async #tell(key: string, amount: number): Promise<void> {
    const sum = await this.#add(key, Math.ceil(amount));
    if (sum === null) return;
    const known = this.#known.get(key) ?? 0;
    this.#known.set(key, sum);
    // A sum that is smaller than it was has begun anew.
    const elsewhere = sum - Math.ceil(amount) - (sum < known ? 0 : known);
    if (elsewhere > 0) this.#onUsedElsewhere(key, elsewhere);
  }

  async #add(key: string, amount: number): Promise<number | null> {
    const { session } = this.#counters;
    if (session === null) return null;
    try {
      return (await session.addTo(this.#keyPrefix + key, amount, windowMs)).sum;
    } catch {
      // Allowed to be lost: it still counts here. The store tells of its failures.
      return null;
    }
  }
}
