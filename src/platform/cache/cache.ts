import type { Clock } from '../clock.ts';
import type { CacheStatistics, InvalidationReport, InvalidationTarget } from './cache-report.ts';
import type { CacheStore } from './cache-store.ts';
import { EntryStore } from './entry-store.ts';
import { markOfKey, markOfTag } from './entry.ts';
import { InvalidationLog } from './invalidation-log.ts';
import { LruStore } from './lru-store.ts';
import { ReadThrough, type LoadMissing } from './read-through.ts';

/** Reads one key's value from the source; null when there is none. */
type LoadOne<Value> = (key: string) => Promise<Value | null>;

/** How a cache is made. */
interface CacheOptions<Value, Name extends string = string> {
  readonly name: Name;
  /** To be raised whenever the shape of the values changes: entries of another version are never read. */
  readonly version: number;
  /** How long a value is fresh; each entry gets up to a tenth more or less, so that they don't all end together. */
  readonly ttlMs: number;
  /** The same for the knowledge that there is no value. */
  readonly negativeTtlMs: number;
  /** The bound of the default store. */
  readonly entriesMax: number;
  /**
   * What an entry can be invalidated by, besides its key. Asked for null too: "does not exist" is also knowledge about
   * a user or a tenant, and has to end when they come into being.
   */
  readonly tagsOf: (value: Value | null, key: string) => readonly string[];
  readonly clock: Clock;
  /** From 0 up to 1, as Math.random. */
  readonly random?: () => number;
  /** One of its own for each cache; by default the process's memory. */
  readonly store?: CacheStore;
  /** How many invalidations are told apart; before those, everything counts as invalidated. */
  readonly invalidationsMax?: number;
  readonly onStoreError?: (error: unknown) => void;
}

/**
 * Values that are costly to read, remembered for a while by key. Where a value belongs to a tenant its key begins with
 * the tenant.
 *
 * - However many readers miss a key at once, it is loaded once. A failing load fails those who wait for it, and is
 *   forgotten.
 * - Who begins to read after an invalidation never gets a value whose load began before it.
 * - A store that fails costs a load, never an answer.
 * - Values are deeply frozen, because all readers share them.
 *
 * A load must not read the key that it loads from the same cache: it would wait for itself.
 */
export class Cache<Value, Name extends string = string> {
  readonly name: Name;
  readonly #options: CacheOptions<Value, Name>;
  readonly #store: CacheStore;
  readonly #log: InvalidationLog;
  readonly #entries: EntryStore<Value>;
  readonly #reads: ReadThrough<Value>;

  /** @throws RangeError for a time to live or a bound that is not a positive number */
  constructor(options: CacheOptions<Value, Name>) {
    checkOptions(options);
    this.name = options.name;
    this.#options = options;
    this.#store = options.store ?? new LruStore({ entriesMax: options.entriesMax });
    this.#log = new InvalidationLog({ marksMax: options.invalidationsMax ?? 10_000 });
    this.#entries = new EntryStore({ ...options, store: this.#store, log: this.#log });
    this.#reads = new ReadThrough({ ...options, entries: this.#entries, log: this.#log });
  }

  /** The value of one key, null when there is none; rejects only as `load` does. */
  async get(key: string, load: LoadOne<Value>): Promise<Value | null> {
    const entry = this.#entries.held(key, this.#options.clock.now());
    if (entry !== undefined) {
      this.#reads.counts.hits += 1;
      return entry.value;
    }
    const [value = null] = await this.#reads.gather([key], async () => new Map([[key, await load(key)]]));
    return value;
  }

  /** The values of the keys in their order, null where there is none; rejects only as `load` does. */
  async getMany(keys: readonly string[], load: LoadMissing<Value>): Promise<(Value | null)[]> {
    return this.peekMany(keys) ?? (await this.#reads.gather(keys, load));
  }

  /** As `getMany`, but at once: undefined, and nothing counted, unless memory has a fresh answer for every key. */
  peekMany(keys: readonly string[]): (Value | null)[] | undefined {
    const now = this.#options.clock.now();
    const values: (Value | null)[] = [];
    for (const key of keys) {
      const entry = this.#entries.held(key, now);
      if (entry === undefined) return undefined;
      values.push(entry.value);
    }
    this.#reads.counts.hits += keys.length;
    return values;
  }

  /**
   * From the moment of the call nobody gets an older value any more; to be called after the change is committed, never
   * before. Costs the same whatever the number of entries, save for 'all', which also empties the store. Never rejects.
   */
  async invalidate(target: InvalidationTarget): Promise<InvalidationReport<Name>> {
    const removed = target !== 'all' && 'tag' in target ? null : this.count(target);
    const isConfirmed = await this.#end(target);
    const message = isConfirmed ? null : 'The store did not confirm; this process ignores its old entries.';
    return { cache: this.name, removed, stores: [{ store: this.#store.name, ok: isConfirmed, message }] };
  }

  /** How many live entries in memory an invalidation would end; null when the store has no memory. */
  count(target: InvalidationTarget): number | null {
    if (this.#store.memory === null) return null;
    const now = this.#options.clock.now();
    if (target !== 'all' && 'key' in target) return this.#entries.held(target.key, now) === undefined ? 0 : 1;
    const mark = target === 'all' ? null : markOfTag(target.tag);
    let count = 0;
    for (const entry of this.#entries.allHeld(now)) {
      if (mark === null || entry.marks.includes(mark)) count += 1;
    }
    return count;
  }

  statistics(): CacheStatistics<Name> {
    return {
      name: this.name,
      store: this.#store.name,
      entries: this.#store.memory?.size ?? null,
      entriesMax: this.#options.entriesMax,
      ttlMs: this.#options.ttlMs,
      ...this.#reads.counts,
      evictions: this.#store.memory?.evictions ?? 0,
      invalidations: this.#log.sequence,
      errors: this.#entries.errors,
    };
  }

  /** The log comes first, and at once: it is what makes the promise, the store only gets rid of what is dead. */
  async #end(target: InvalidationTarget): Promise<boolean> {
    if (target === 'all') {
      this.#log.appendAll();
      return this.#entries.clear();
    }
    if ('tag' in target) {
      this.#log.append(markOfTag(target.tag));
      return true;
    }
    this.#log.append(markOfKey(target.key));
    return this.#entries.remove(target.key);
  }
}

/** Keyv takes 0 and NaN for "for ever", and would not say so. */
function checkOptions(options: {
  name: string;
  ttlMs: number;
  negativeTtlMs: number;
  entriesMax: number;
}): void {
  for (const option of ['ttlMs', 'negativeTtlMs', 'entriesMax'] as const) {
    const number = options[option];
    if (Number.isFinite(number) && number > 0) continue;
    throw new RangeError(`The cache ${options.name} needs a positive ${option}; it was given ${number}.`);
  }
}
