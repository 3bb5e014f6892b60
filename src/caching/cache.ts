import { checkOptions, defaultOptions, type CacheOptions } from './cache-options.ts';
import type { CacheStatistics, InvalidationReport, InvalidationTarget } from './cache-report.ts';
import type { Invalidation } from './coherence/coherence.ts';
import { deepFreeze } from './deep-freeze.ts';
import { EntrySource, type LoadMissing } from './loading/entry-source.ts';
import { markOfKey, markOfTag, type Entry } from './memory/entry.ts';
import type { Generations } from './shared/generations.ts';
import { InvalidationLog } from './memory/invalidation-log.ts';
import { MemoryEntries } from './memory/memory-entries.ts';
import { Outage } from './loading/circuit-breaker.ts';
import { ReadThrough } from './loading/read-through.ts';
import { SharedEntries } from './shared/shared-entries.ts';

/** Reads one key's value from the source; null when there is none. */
type LoadOne<Value> = (key: string) => Promise<Value | null>;

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
export class Cache<Value> {
  readonly name: string;
  /** False: nothing is remembered. */
  readonly isEnabled: boolean;
  readonly #options: CacheOptions<Value>;
  readonly #trust: { readonly isTrusted: boolean };
  readonly #log: InvalidationLog;
  readonly #memory: MemoryEntries<Value>;
  readonly #generations: Generations | null;
  readonly #reads: ReadThrough<Value>;
  #errors = 0;
  #sharedErrors = 0;

  /** @throws RangeError for a time to live or a bound that is not a positive number */
  constructor(options: CacheOptions<Value>) {
    checkOptions(options);
    const { name, entriesMax, absencesMax = entriesMax, generations = null, isInMemory = true } = options;
    const log = new InvalidationLog({ marksMax: options.invalidationsMax ?? 10_000 });
    const memory = new MemoryEntries<Value>({ name, entriesMax, absencesMax, isInMemory, log });
    const onStoreError = (error: unknown) => {
      this.#sharedErrors += 1;
      options.onStoreError?.(error);
    };
    const onError = (error: unknown) => {
      this.#errors += 1;
      options.onError?.(error);
    };
    const common = {
      ...defaultOptions,
      ...options,
      log,
      memory,
      outage: new Outage(),
      onError,
      onStoreError,
    };
    const shared =
      generations === null
        ? null
        : new SharedEntries<Value>({ ...common, generations, onError: onStoreError });
    const source = new EntrySource<Value>({ ...common, shared });
    this.name = name;
    this.isEnabled = options.isEnabled ?? true;
    this.#options = options;
    this.#trust = common.trust;
    this.#log = log;
    this.#memory = memory;
    this.#generations = generations;
    this.#reads = new ReadThrough({ ...common, source });
  }

  /** The value of one key, null when there is none; rejects only as `load` does. */
  async get(key: string, load: LoadOne<Value>): Promise<Value | null> {
    const known = this.peek(key);
    if (known !== undefined) return known;
    if (!this.isEnabled) {
      this.#reads.counts.misses += 1;
      this.#options.onRead?.(0, 1);
      return deepFreeze(await load(key));
    }
    const [value = null] = await this.#reads.gather([key], async () => new Map([[key, await load(key)]]));
    return value;
  }

  /** The values of the keys in their order, null where there is none; rejects only as `load` does. */
  async getMany(keys: readonly string[], load: LoadMissing<Value>): Promise<(Value | null)[]> {
    if (this.isEnabled) return this.peekMany(keys) ?? this.#reads.gather(keys, load);
    const distinct = [...new Set(keys)];
    this.#reads.counts.misses += distinct.length;
    this.#reads.counts.coalesced += keys.length - distinct.length;
    this.#options.onRead?.(0, distinct.length);
    const values = distinct.length === 0 ? new Map<string, Value>() : await load(distinct);
    return keys.map((key) => deepFreeze(values.get(key) ?? null));
  }

  /** As `get`, but at once: undefined, and nothing counted, unless memory has a fresh answer. */
  peek(key: string): Value | null | undefined {
    const entry = this.#fresh(key, this.#options.clock.now());
    if (entry === undefined) return undefined;
    this.#reads.counts.hits += 1;
    this.#options.onRead?.(1, 0);
    return entry.value;
  }

  /** As `getMany`, but at once: undefined, and nothing counted, unless memory has a fresh answer for every key. */
  peekMany(keys: readonly string[]): (Value | null)[] | undefined {
    const now = this.#options.clock.now();
    const values: (Value | null)[] = [];
    for (const key of keys) {
      const entry = this.#fresh(key, now);
      if (entry === undefined) return undefined;
      values.push(entry.value);
    }
    this.#reads.counts.hits += keys.length;
    this.#options.onRead?.(keys.length, 0);
    return values;
  }

  /**
   * From the moment of the call nobody in this process gets an older value any more; to be called after the change is
   * committed, never before. Costs the same whatever the number of entries, save for 'all', which also empties memory.
   */
  end(target: InvalidationTarget): void {
    // The log makes the promise, memory only gets rid of what is dead.
    if (target === 'all') {
      this.#log.appendAll();
      this.#memory.clear();
    } else if ('tag' in target) {
      this.#log.append(markOfTag(target.tag));
    } else {
      this.#log.append(markOfKey(target.key));
      this.#memory.remove(target.key);
    }
  }

  /** As `end`, and in the shared store; answers what happened in each. Never rejects. */
  async invalidate(target: InvalidationTarget): Promise<InvalidationReport> {
    const removed = target !== 'all' && 'tag' in target ? null : this.count(target);
    this.end(target);
    const memory = { store: 'memory', ok: true, message: null };
    if (this.#generations === null) return { cache: this.name, removed, stores: [memory] };
    this.#generations.end([this.#invalidationOf(target)]);
    const ok = await this.#generations.confirm();
    const message = ok ? null : 'Redis did not confirm; until it does it is not read for this.';
    return { cache: this.name, removed, stores: [memory, { store: 'redis', ok, message }] };
  }

  /** How many live entries in memory an invalidation would end. */
  count(target: InvalidationTarget): number {
    const now = this.#options.clock.now();
    if (target !== 'all' && 'key' in target) return this.#fresh(target.key, now) === undefined ? 0 : 1;
    const mark = target === 'all' ? null : markOfTag(target.tag);
    let count = 0;
    for (const entry of this.#memory.all()) {
      if (now < entry.freshUntil && (mark === null || entry.marks.includes(mark))) count += 1;
    }
    return count;
  }

  statistics(): CacheStatistics {
    const { hits, misses, coalesced, staleServed, sharedHits } = this.#reads.counts;
    const asked = hits + misses + coalesced;
    const memory = { store: 'memory', hits: hits - sharedHits, errors: 0 };
    const redis = { store: 'redis', hits: sharedHits, errors: this.#sharedErrors };
    const stores = this.#generations === null ? [memory] : [memory, redis];
    return {
      name: this.name,
      store: stores.map(({ store }) => store).join(' over '),
      stores,
      entries: this.#memory.size,
      entriesMax: this.#options.entriesMax,
      ttlMs: this.isEnabled ? this.#options.ttlMs : 0,
      hits,
      misses,
      coalesced,
      hitRate: asked === 0 ? 0 : hits / asked,
      staleServed,
      evictions: this.#memory.evictions,
      invalidations: this.#log.sequence,
      errors: this.#errors + this.#sharedErrors,
    };
  }

  /** What memory can answer at once. */
  #fresh(key: string, now: number): Entry<Value> | undefined {
    if (!this.#trust.isTrusted || !this.isEnabled) return undefined;
    const entry = this.#memory.find(key);
    return entry !== undefined && now < entry.freshUntil ? entry : undefined;
  }

  #invalidationOf(target: InvalidationTarget): Invalidation {
    if (target === 'all') return { cache: this.name };
    return 'tag' in target ? target : { cache: this.name, key: target.key };
  }
}
