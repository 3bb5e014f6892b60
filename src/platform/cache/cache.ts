import type { Clock } from '../clock.ts';
import type { CacheStatistics, InvalidationReport, InvalidationTarget } from './cache-report.ts';
import { deepFreeze } from './deep-freeze.ts';
import { markOfKey, markOfTag, type Entry } from './entry.ts';
import { InvalidationLog } from './invalidation-log.ts';
import { MemoryEntries } from './memory-entries.ts';
import { ReadThrough, type LoadMissing } from './read-through.ts';

/** Reads one key's value from the source; null when there is none. */
type LoadOne<Value> = (key: string) => Promise<Value | null>;

/** How a cache is made. Times are in milliseconds. */
export interface CacheOptions<Value, Name extends string = string> {
  readonly name: Name;
  /** How long a value is fresh; each entry gets up to a tenth more or less, so that they don't all end together. */
  readonly ttlMs: number;
  /** The same for the knowledge that there is no value. */
  readonly negativeTtlMs: number;
  /** For how long after that an old value is answered while a new one is loaded in the background; by default never. */
  readonly staleMs?: number;
  /** For how long after that an old value is answered when loading fails because the source is away; by default never. */
  readonly lastValueMs?: number;
  readonly entriesMax: number;
  /** How many keys are known not to exist; by default as many as there may be entries. */
  readonly absencesMax?: number;
  /**
   * What an entry can be invalidated by besides its key, as far as the key alone tells: also where there is no value,
   * because "does not exist" is knowledge about a user or a tenant too, and has to end when they come into being.
   */
  readonly tagsOfKey?: (key: string) => readonly string[];
  /** What else an entry can be invalidated by. */
  readonly tagsOfValue?: (value: Value) => readonly string[];
  readonly clock: Clock;
  /** From 0 up to 1, as Math.random. */
  readonly random?: () => number;
  /** Whether invalidations are sure to be heard; while they are not, nothing is answered from what is remembered. */
  readonly trust?: { readonly isTrusted: boolean };
  /** False: nothing is remembered and every key is loaded, for comparison. */
  readonly isEnabled?: boolean;
  /** Whether a load failed because the source can answer nobody. */
  readonly isUnavailable?: (error: unknown) => boolean;
  /** How many invalidations are told apart; before those, everything counts as invalidated. */
  readonly invalidationsMax?: number;
  /** Last values begin to be answered; called once for a row of failures, not for each. */
  readonly onLastValues?: (error: unknown) => void;
  /** Something failed, and no reader with it. */
  readonly onError?: (error: unknown) => void;
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
  readonly #trust: { readonly isTrusted: boolean };
  readonly #isEnabled: boolean;
  readonly #log: InvalidationLog;
  readonly #memory: MemoryEntries<Value>;
  readonly #reads: ReadThrough<Value>;
  #errors = 0;

  /** @throws RangeError for a time to live or a bound that is not a positive number */
  constructor(options: CacheOptions<Value, Name>) {
    checkOptions(options);
    const { entriesMax, absencesMax = entriesMax, trust = { isTrusted: true }, isEnabled = true } = options;
    this.name = options.name;
    this.#options = options;
    this.#trust = trust;
    this.#isEnabled = isEnabled;
    this.#log = new InvalidationLog({ marksMax: options.invalidationsMax ?? 10_000 });
    this.#memory = new MemoryEntries({ name: options.name, entriesMax, absencesMax, log: this.#log });
    this.#reads = new ReadThrough({
      ...defaults,
      ...options,
      trust,
      memory: this.#memory,
      log: this.#log,
      onError: (error) => {
        this.#errors += 1;
        options.onError?.(error);
      },
    });
  }

  /** The value of one key, null when there is none; rejects only as `load` does. */
  async get(key: string, load: LoadOne<Value>): Promise<Value | null> {
    const entry = this.#fresh(key, this.#options.clock.now());
    if (entry !== undefined) {
      this.#reads.counts.hits += 1;
      return entry.value;
    }
    if (!this.#isEnabled) {
      this.#reads.counts.misses += 1;
      return deepFreeze(await load(key));
    }
    const [value = null] = await this.#reads.gather([key], async () => new Map([[key, await load(key)]]));
    return value;
  }

  /** The values of the keys in their order, null where there is none; rejects only as `load` does. */
  async getMany(keys: readonly string[], load: LoadMissing<Value>): Promise<(Value | null)[]> {
    if (this.#isEnabled) return this.peekMany(keys) ?? this.#reads.gather(keys, load);
    this.#reads.counts.misses += keys.length;
    const values = keys.length === 0 ? new Map<string, Value>() : await load([...new Set(keys)]);
    return keys.map((key) => deepFreeze(values.get(key) ?? null));
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
    return values;
  }

  /**
   * From the moment of the call nobody gets an older value any more; to be called after the change is committed, never
   * before. Costs the same whatever the number of entries, save for 'all', which also empties memory. Never rejects.
   */
  async invalidate(target: InvalidationTarget): Promise<InvalidationReport<Name>> {
    const removed = target !== 'all' && 'tag' in target ? null : this.count(target);
    await this.#end(target);
    return { cache: this.name, removed, stores: [{ store: 'memory', ok: true, message: null }] };
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

  statistics(): CacheStatistics<Name> {
    const { hits, misses, coalesced, staleServed } = this.#reads.counts;
    const asked = hits + misses + coalesced;
    return {
      name: this.name,
      store: 'memory',
      entries: this.#memory.size,
      entriesMax: this.#options.entriesMax,
      ttlMs: this.#options.ttlMs,
      hits,
      misses,
      coalesced,
      hitRate: asked === 0 ? 0 : hits / asked,
      staleServed,
      evictions: this.#memory.evictions,
      invalidations: this.#log.sequence,
      errors: this.#errors,
    };
  }

  /** What memory can answer at once. */
  #fresh(key: string, now: number): Entry<Value> | undefined {
    if (!this.#trust.isTrusted || !this.#isEnabled) return undefined;
    const entry = this.#memory.find(key);
    return entry !== undefined && now < entry.freshUntil ? entry : undefined;
  }

  /** The log comes first, and at once: it is what makes the promise, memory only gets rid of what is dead. */
  async #end(target: InvalidationTarget): Promise<void> {
    if (target === 'all') {
      this.#log.appendAll();
      await this.#memory.clear();
    } else if ('tag' in target) {
      this.#log.append(markOfTag(target.tag));
    } else {
      this.#log.append(markOfKey(target.key));
      await this.#memory.remove(target.key);
    }
  }
}

const defaults = {
  staleMs: 0,
  lastValueMs: 0,
  tagsOfKey: () => [],
  tagsOfValue: () => [],
  random: Math.random,
  isUnavailable: () => false,
  onLastValues: () => {},
};

/** NaN would mean "for ever", and nobody would say so. */
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
