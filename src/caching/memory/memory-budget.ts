import { LRUCache } from 'lru-cache';

/** The part of a list of entries that a budget needs. */
type BudgetedList = Pick<LRUCache<string, object>, 'calculatedSize' | 'pop'>;

/** The default bytes of a process's caches. */
export const cacheBytesDefault = 64 * 1024 * 1024;

/** A single entry may take this part of the budget; a larger one is not kept. */
const entryShare = 1 / 8;

/**
 * The bytes of memory that all caches of a process share. When they hold more, the least recently used
 * entries of the largest cache are evicted, so that no cache can displace the others.
 */
export class MemoryBudget {
  readonly bytesMax: number;
  readonly #lists: BudgetedList[] = [];

  constructor(bytesMax = cacheBytesDefault) {
    this.bytesMax = bytesMax;
  }

  /** The estimated bytes of all entries. */
  get bytes(): number {
    return this.#lists.reduce((sum, list) => sum + list.calculatedSize, 0);
  }

  /** Creates a list within the budget; `onEvict` is called for each entry that newer ones replace. */
  createList<Value extends object>(options: {
    readonly entriesMax: number;
    readonly bytesOf: (value: Value) => number;
    readonly onEvict: () => void;
  }): LRUCache<string, Value> {
    const list = new LRUCache<string, Value>({
      max: options.entriesMax,
      maxSize: this.bytesMax,
      maxEntrySize: Math.ceil(this.bytesMax * entryShare),
      sizeCalculation: options.bytesOf,
      dispose: (_value, _key, reason) => {
        if (reason === 'evict') options.onEvict();
      },
    });
    this.#lists.push(list);
    return list;
  }

  /** Evicts entries until the caches are within the budget. */
  makeRoom(): void {
    let excess = this.bytes - this.bytesMax;
    while (excess > 0) {
      const largest = this.#lists.reduce((one, other) =>
        other.calculatedSize > one.calculatedSize ? other : one,
      );
      const before = largest.calculatedSize;
      largest.pop();
      excess -= before - largest.calculatedSize;
    }
  }
}
