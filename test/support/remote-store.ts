import type { DeserializedData, KeyvEntry, StoredData } from 'keyv';
import type { CacheStore } from '../../src/platform/cache/cache-store.ts';

/**
 * A store on the other side of a network: it answers in its own time, keeps copies, has no memory in this process, and
 * fails when told to. `delay` is awaited before and after every operation.
 */
export class RemoteStore implements CacheStore {
  readonly name = 'remote';
  readonly opts = {};
  namespace: string | undefined;
  readonly memory = null;
  readonly #copies = new Map<string, string>();
  readonly #delay: () => Promise<void>;

  constructor(delay: () => Promise<void> = () => Promise.resolve()) {
    this.#delay = delay;
  }

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    await this.#delay();
    const record = parseRecord<Value>(this.#copies.get(key));
    await this.#delay();
    return record;
  }

  async getMany<Value>(keys: string[]): Promise<StoredData<Value | undefined>[]> {
    await this.#delay();
    const records = keys.map((key) => parseRecord<Value>(this.#copies.get(key)));
    await this.#delay();
    return records;
  }

  async set(key: string, record: DeserializedData<unknown>): Promise<boolean> {
    await this.setMany([{ key, value: record }]);
    return true;
  }

  async setMany(records: KeyvEntry[]): Promise<void> {
    // As text from the beginning: what the caller changes later must not reach the copy.
    const copies = records.map(({ key, value }) => [key, JSON.stringify(value)] as const);
    await this.#delay();
    for (const [key, copy] of copies) this.#copies.set(key, copy);
    await this.#delay();
  }

  async delete(key: string): Promise<boolean> {
    await this.#delay();
    const existed = this.#copies.delete(key);
    await this.#delay();
    return existed;
  }

  async clear(): Promise<void> {
    await this.#delay();
    this.#copies.clear();
    await this.#delay();
  }

  on(): this {
    return this;
  }
}

function parseRecord<Value>(copy: string | undefined): DeserializedData<Value> | undefined {
  return copy === undefined ? undefined : JSON.parse(copy);
}
