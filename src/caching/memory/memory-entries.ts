import { Keyv, type KeyvStoreAdapter, type StoredData } from 'keyv';
import type { LRUCache } from 'lru-cache';
import type { Entry } from './entry.ts';
import type { InvalidationLog } from './invalidation-log.ts';
import type { MemoryBudget } from './memory-budget.ts';

interface MemoryEntriesOptions {
  readonly name: string;
  readonly entriesMax: number;
  readonly absencesMax: number;
  /** False: only absences are kept. */
  readonly isInMemory: boolean;
  readonly budget: MemoryBudget;
  readonly log: InvalidationLog;
}

/** The record that Keyv hands to its store; Keyv does not type it. */
type Stored = Parameters<KeyvStoreAdapter['set']>[1];

/**
 * The entries of one cache in the memory of this process, as the store of a Keyv. Absences have an own bound,
 * so that requests for random keys evict only other absences.
 */
export class MemoryEntries<Value> implements KeyvStoreAdapter {
  readonly opts = {};
  namespace: string | undefined;
  /** Entries that newer ones replaced since the start. */
  evictions = 0;
  readonly #log: InvalidationLog;
  readonly #isInMemory: boolean;
  readonly #budget: MemoryBudget;
  readonly #values: LRUCache<string, Stored>;
  readonly #absences: LRUCache<string, Stored>;
  readonly #keyv: Keyv<Entry<Value>>;

  constructor({ name, entriesMax, absencesMax, isInMemory, budget, log }: MemoryEntriesOptions) {
    const list = {
      bytesOf: ({ value: entry }: Stored) => entry.bytes,
      onEvict: () => {
        this.evictions += 1;
      },
    };
    this.#log = log;
    this.#isInMemory = isInMemory;
    this.#budget = budget;
    this.#values = budget.createList<Stored>({ ...list, entriesMax });
    this.#absences = budget.createList<Stored>({ ...list, entriesMax: absencesMax });
    this.#keyv = new Keyv({ store: this, namespace: name, useKeyPrefix: false, throwOnErrors: true });
    // Only the setters accept "none": memory returns the object that it was given.
    this.#keyv.serialize = undefined;
    this.#keyv.deserialize = undefined;
  }

  get size(): number {
    return this.#values.size + this.#absences.size;
  }

  /**
   * The entry of a key, whether fresh or not; undefined if there is no valid one. It bypasses Keyv, which
   * returns a promise: a hit must not cost one, and a load in flight must not finish between a miss and the
   * attempt to join it.
   */
  find(key: string): Entry<Value> | undefined {
    const record = this.#values.get(key) ?? this.#absences.get(key);
    const entry: Entry<Value> | undefined = record?.value;
    return entry !== undefined && this.isValid(entry) ? entry : undefined;
  }

  /** All valid entries, whether fresh or not. */
  *all(): Iterable<Entry<Value>> {
    for (const records of [this.#values, this.#absences]) {
      for (const { value: entry } of records.values()) if (this.isValid(entry)) yield entry;
    }
  }

  isValid(entry: Entry<Value>): boolean {
    if (this.#log.hasOvertaken(entry.tags, entry.validAsOf)) return false;
    // The log may forget invalidations that every entry is known to have survived.
    entry.validAsOf = this.#log.sequence;
    return true;
  }

  async write(entries: ReadonlyMap<string, Entry<Value>>): Promise<void> {
    const written = Array.from(entries, ([key, value]) => ({ key, value })).filter(
      // An entry that was invalidated during its load must not replace one that was loaded later.
      ({ value }) => this.isValid(value) && (value.value === null || this.#isInMemory),
    );
    if (written.length > 0) await this.#keyv.setMany(written);
  }

  remove(key: string): boolean {
    const hadAbsence = this.#absences.delete(key);
    return this.#values.delete(key) || hadAbsence;
  }

  removeAll(): void {
    this.#values.clear();
    this.#absences.clear();
  }

  // The methods below are for Keyv, which checks expiry itself.

  async get<Stored>(key: string): Promise<StoredData<Stored> | undefined> {
    return this.#values.get(key) ?? this.#absences.get(key);
  }

  async set(key: string, record: Stored): Promise<boolean> {
    await this.setMany([{ key, value: record }]);
    return true;
  }

  async setMany(records: readonly { readonly key: string; readonly value: Stored }[]): Promise<void> {
    for (const { key, value: record } of records) {
      const isAbsence = record.value.value === null;
      const [list, other] = isAbsence ? [this.#absences, this.#values] : [this.#values, this.#absences];
      other.delete(key);
      list.set(key, record);
    }
    this.#budget.makeRoom();
  }

  async delete(key: string): Promise<boolean> {
    return this.remove(key);
  }

  async clear(): Promise<void> {
    this.removeAll();
  }

  /** Keyv subscribes to errors, of which memory has none. */
  on(): this {
    return this;
  }
}
