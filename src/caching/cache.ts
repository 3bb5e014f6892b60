import type { MaybePromise } from '@whatwg-node/promise-helpers';
import { checkOptions, defaultOptions, type CacheOptions } from './cache-options.ts';
import type { CacheStatistics, InvalidationReport, InvalidationTarget } from './cache-report.ts';
import type { Invalidation } from './coherence/coherence.ts';
import { deepFreeze } from './deep-freeze.ts';
import { CircuitBreaker } from './loading/circuit-breaker.ts';
import { EntryLoader, type LoadMissing } from './loading/entry-loader.ts';
import { LastValuePolicy } from './loading/last-value-policy.ts';
import { ReadThrough } from './loading/read-through.ts';
import { keyTag, namedTag, type Entry } from './memory/entry.ts';
import { InvalidationLog } from './memory/invalidation-log.ts';
import { MemoryBudget } from './memory/memory-budget.ts';
import { MemoryEntries } from './memory/memory-entries.ts';
import type { Generations } from './shared/generations.ts';
import { SharedEntries } from './shared/shared-entries.ts';
import { SharedSource } from './shared/shared-source.ts';

/** Loads the value of one key; null if there is none. */
type LoadOne<Value> = (key: string) => Promise<Value | null>;

// What every cache promises, and test/support/cache-contract.ts checks:
// - Concurrent readers of a missing key share one load. A failed load fails them all and is not cached.
// - A reader that arrives after an invalidation never gets a value whose load began before it.
// - A failing store costs a load, never an answer.
// - Values are deeply frozen, because all readers share them.

/**
 * Values that are costly to load, cached by key; the key of a tenant's value begins with the tenant. A load
 * must not read its own key from the same cache, because the load would wait for itself.
 */
export class Cache<Value> {
  readonly name: string;
  /** False: nothing is cached. */
  readonly isEnabled: boolean;
  readonly #options: CacheOptions<Value>;
  readonly #trust: { readonly isTrusted: boolean };
  readonly #log: InvalidationLog;
  readonly #memory: MemoryEntries<Value>;
  readonly #generations: Generations | null;
  readonly #reads: ReadThrough<Value>;
  #errors = 0;
  #sharedErrors = 0;
  #forged = 0;

  /** @throws RangeError for a time to live or a bound that is not a positive number */
  constructor(options: CacheOptions<Value>) {
    checkOptions(options);
    const { name, entriesMax, absencesMax = entriesMax, generations = null, isInMemory = true } = options;
    const { budget = new MemoryBudget() } = options;
    const log = new InvalidationLog({ tagsMax: options.invalidationsMax ?? 10_000 });
    const memory = new MemoryEntries<Value>({ name, entriesMax, absencesMax, isInMemory, budget, log });
    const onStoreError = (error: unknown) => {
      this.#sharedErrors += 1;
      options.onStoreError?.(error);
    };
    const onForged = () => {
      this.#forged += 1;
      options.onForged?.();
    };
    const onError = (error: unknown) => {
      this.#errors += 1;
      options.onError?.(error);
    };
    const breaker = new CircuitBreaker();
    const withDefaults = { ...defaultOptions, ...options };
    const lastValues = new LastValuePolicy(withDefaults);
    const common = { ...withDefaults, log, memory, breaker, lastValues, onError, onStoreError };
    const loader = new EntryLoader<Value>(common);
    const source =
      generations === null
        ? loader
        : new SharedSource<Value>({
            ...common,
            loader,
            shared: new SharedEntries<Value>({ ...common, generations, onError: onStoreError, onForged }),
          });
    this.name = name;
    this.isEnabled = options.isEnabled ?? true;
    this.#options = options;
    this.#trust = common.trust;
    this.#log = log;
    this.#memory = memory;
    this.#generations = generations;
    this.#reads = new ReadThrough({ ...common, source });
  }

  /** The value of one key, null if there is none: synchronously from memory. Rejects only as `load` does. */
  get(key: string, load: LoadOne<Value>): MaybePromise<Value | null> {
    const entry = this.#fresh(key, this.#options.clock.now());
    if (entry === undefined) return this.#load(key, load);
    this.#reads.counts.hits += 1;
    this.#options.onRead?.(1, 0);
    return entry.value;
  }

  /** The values of the keys in their order, null where there is none. Rejects only as `load` does. */
  async getMany(keys: readonly string[], load: LoadMissing<Value>): Promise<(Value | null)[]> {
    if (this.isEnabled) return this.#reads.read(keys, load);
    const distinct = [...new Set(keys)];
    this.#reads.counts.misses += distinct.length;
    this.#reads.counts.coalesced += keys.length - distinct.length;
    this.#options.onRead?.(0, distinct.length);
    const values = distinct.length === 0 ? new Map<string, Value>() : await load(distinct);
    return keys.map((key) => deepFreeze(values.get(key) ?? null));
  }

  /**
   * The values of the keys in their order if memory has a fresh answer for all of them; else undefined, and
   * nothing is counted. For readers that batch what is missing with other requests before they call
   * `getMany`.
   */
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
   * From the moment of the call no reader in this process gets an older value; to be called after the change
   * is committed, never before. Takes the same time for any number of entries, except for 'all', which also
   * empties memory.
   */
  invalidateLocally(target: InvalidationTarget): void {
    // The log keeps the promise; memory only frees what is invalid.
    if (target === 'all') {
      this.#log.appendAll();
      this.#memory.removeAll();
    } else if ('tag' in target) {
      this.#log.append(namedTag(target.tag));
    } else {
      this.#log.append(keyTag(target.key));
      this.#memory.remove(target.key);
    }
  }

  /** As `invalidateLocally`, and in the shared store; reports the result of each. Never rejects. */
  async invalidate(target: InvalidationTarget): Promise<InvalidationReport> {
    const removed = target !== 'all' && 'tag' in target ? null : this.count(target);
    this.invalidateLocally(target);
    const memory = { store: 'memory', ok: true, message: null };
    if (this.#generations === null) return { cache: this.name, removed, stores: [memory] };
    this.#generations.invalidate([this.#invalidationOf(target)]);
    const ok = await this.#generations.confirm();
    const message = ok ? null : 'Redis did not confirm; until it does, it is not read for these entries.';
    return { cache: this.name, removed, stores: [memory, { store: 'redis', ok, message }] };
  }

  /** The number of fresh entries in memory that an invalidation would remove. */
  count(target: InvalidationTarget): number {
    const now = this.#options.clock.now();
    if (target !== 'all' && 'key' in target) return this.#fresh(target.key, now) === undefined ? 0 : 1;
    const tag = target === 'all' ? null : namedTag(target.tag);
    let count = 0;
    for (const entry of this.#memory.all()) {
      if (now < entry.freshUntil && (tag === null || entry.tags.includes(tag))) count += 1;
    }
    return count;
  }

  statistics(): CacheStatistics {
    const { hits, misses, coalesced, staleServed, lastValues, tooOld, sharedHits } = this.#reads.counts;
    const requested = hits + misses + coalesced;
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
      hitRate: requested === 0 ? 0 : hits / requested,
      staleServed,
      lastValues,
      tooOld,
      evictions: this.#memory.evictions,
      invalidations: this.#log.sequence,
      errors: this.#errors + this.#sharedErrors,
      forged: this.#forged,
    };
  }

  async #load(key: string, load: LoadOne<Value>): Promise<Value | null> {
    const [value = null] = await this.getMany([key], async () => new Map([[key, await load(key)]]));
    return value;
  }

  /** The entry that memory can answer with synchronously. */
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
