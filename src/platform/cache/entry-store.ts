import { Keyv } from 'keyv';
import type { Clock } from '../clock.ts';
import type { CacheStore } from './cache-store.ts';
import type { Entry } from './entry.ts';
import type { InvalidationLog } from './invalidation-log.ts';

interface EntryStoreOptions {
  readonly name: string;
  readonly version: number;
  readonly ttlMs: number;
  readonly negativeTtlMs: number;
  readonly store: CacheStore;
  readonly log: InvalidationLog;
  readonly clock: Clock;
  readonly onStoreError?: (error: unknown) => void;
}

/**
 * The entries of one cache in Keyv; only those that are fresh ever come out. Its failures are counted, told to
 * `onStoreError`, and end here: losing an entry is allowed, failing a request over it is not.
 */
export class EntryStore<Value> {
  errors = 0;
  readonly #keyv: Keyv<Entry<Value>>;
  readonly #options: EntryStoreOptions;
  readonly #prefix: string;

  constructor(options: EntryStoreOptions) {
    this.#options = options;
    this.#prefix = `v${options.version}:`;
    this.#keyv = new Keyv<Entry<Value>>({
      store: options.store,
      namespace: options.name,
      // The store knows its namespace, and keeps to it by itself.
      useKeyPrefix: false,
      // By default Keyv answers a failing read like a miss, and a failing removal like a success.
      throwOnErrors: true,
      emitErrors: false,
    });
    // Only the setters accept "none": memory hands out what it was given, and other stores know their own format.
    this.#keyv.serialize = undefined;
    this.#keyv.deserialize = undefined;
  }

  /** The entry that this process's memory holds, at once. */
  held(key: string, now: number): Entry<Value> | undefined {
    const entry = this.#options.store.memory?.read<Entry<Value>>(this.#prefix + key)?.value;
    return entry !== undefined && this.#isFresh(entry, now) ? entry : undefined;
  }

  /** Everything that this process's memory holds. */
  *allHeld(now: number): Iterable<Entry<Value>> {
    for (const { value: entry } of this.#options.store.memory?.records<Entry<Value>>() ?? []) {
      if (entry !== undefined && this.#isFresh(entry, now)) yield entry;
    }
  }

  /** By key; a key is missing where the store has nothing, or fails. */
  async read(keys: readonly string[]): Promise<Map<string, Entry<Value>>> {
    const entries = new Map<string, Entry<Value>>();
    try {
      const found = await this.#keyv.getMany<Entry<Value>>(keys.map((key) => this.#prefix + key));
      const now = this.#options.clock.now();
      for (const [index, key] of keys.entries()) {
        const entry = found[index];
        if (entry !== undefined && this.#isFresh(entry, now)) entries.set(key, entry);
      }
    } catch (error) {
      this.#countError(error);
    }
    return entries;
  }

  async write(entries: ReadonlyMap<string, Entry<Value>>): Promise<void> {
    // Garbage collection only, `freshUntil` decides: twice the time to live, because Keyv and other stores measure by
    // clocks of their own. Never 0 and never a fraction, which Keyv takes for "for ever" and Redis for an error.
    const ttl = Math.ceil(2 * Math.max(this.#options.ttlMs, this.#options.negativeTtlMs));
    const now = this.#options.clock.now();
    // What was overtaken while it was loaded must not push out what a later load brought in the meantime.
    const fresh = Array.from(entries).filter(([, entry]) => this.#isFresh(entry, now));
    if (fresh.length === 0) return;
    try {
      await this.#keyv.setMany(fresh.map(([key, value]) => ({ key: this.#prefix + key, value, ttl })));
    } catch (error) {
      this.#countError(error);
    }
  }

  /** Whether the store confirmed that the entry is gone. */
  async remove(key: string): Promise<boolean> {
    return this.#confirm(() => this.#keyv.delete(this.#prefix + key));
  }

  /** Whether the store confirmed that everything is gone. */
  async clear(): Promise<boolean> {
    return this.#confirm(() => this.#keyv.clear());
  }

  #isFresh(entry: Entry<Value>, now: number): boolean {
    const { log } = this.#options;
    if (now >= entry.freshUntil || log.hasOvertaken(entry.marks, entry.survivedUntil)) return false;
    // So that the next reader need not ask again, and the log may forget what this entry has outlived.
    entry.survivedUntil = log.sequence;
    return true;
  }

  async #confirm(removal: () => Promise<unknown>): Promise<boolean> {
    try {
      await removal();
      return true;
    } catch (error) {
      this.#countError(error);
      return false;
    }
  }

  #countError(error: unknown): void {
    this.errors += 1;
    this.#options.onStoreError?.(error);
  }
}
