import type { DeserializedData, KeyvEntry, KeyvStoreAdapter, StoredData } from 'keyv';
import { LRUCache } from 'lru-cache';

/** Whatever Keyv hands to a store; Keyv does not type it, and a store has no need to look inside. */
type Stored = Parameters<KeyvStoreAdapter['set']>[1];

/**
 * Keyv's records in this process's memory, the least recently used pushed out first. What comes out is the very object
 * that went in, so whoever stores must freeze.
 *
 * Times to live are not kept here: Keyv writes the end of each into the record and checks it on reading, and the bound
 * on the number of records is all the garbage collection that memory needs.
 */
export class LruStore implements KeyvStoreAdapter {
  readonly opts = {};
  namespace: string | undefined;
  /** How many records were pushed out, in all, because newer ones needed the room. */
  evictions = 0;
  readonly #records: LRUCache<string, Stored>;

  constructor(options: { entriesMax: number }) {
    this.#records = new LRUCache<string, Stored>({
      max: options.entriesMax,
      dispose: (_record, _key, reason) => {
        if (reason === 'evict') this.evictions += 1;
      },
    });
  }

  get size(): number {
    return this.#records.size;
  }

  /** What Keyv stored, without a promise; reading it counts as a use. */
  read<Value>(key: string): DeserializedData<Value> | undefined {
    return this.#records.get(key);
  }

  /** Everything, in no particular order; reading it so does not count as a use. */
  records<Value>(): Iterable<DeserializedData<Value>> {
    return this.#records.values();
  }

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    return this.#records.get(key);
  }

  async getMany<Value>(keys: string[]): Promise<StoredData<Value | undefined>[]> {
    return keys.map((key) => this.#records.get(key));
  }

  async set(key: string, record: Stored): Promise<boolean> {
    this.#records.set(key, record);
    return true;
  }

  async setMany(records: KeyvEntry[]): Promise<void> {
    for (const { key, value } of records) this.#records.set(key, value);
  }

  /** As `delete`, at once. */
  remove(key: string): boolean {
    return this.#records.delete(key);
  }

  /** As `clear`, at once. */
  removeAll(): void {
    this.#records.clear();
  }

  async delete(key: string): Promise<boolean> {
    return this.remove(key);
  }

  async clear(): Promise<void> {
    this.removeAll();
  }

  /** Keyv asks every store to announce its failures; memory has none. */
  on(): this {
    return this;
  }
}
