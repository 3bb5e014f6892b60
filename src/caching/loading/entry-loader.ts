import type { Clock } from '../../platform/runtime/clock.ts';
import { createEntry, keyTag, namedTag, type Entry } from '../memory/entry.ts';
import type { InvalidationLog } from '../memory/invalidation-log.ts';
import type { MemoryEntries } from '../memory/memory-entries.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { LastValuePolicy } from './last-value-policy.ts';

/** Loads the values of several keys; a key without a result has no value. */
export type LoadMissing<Value> = (missing: readonly string[]) => Promise<ReadonlyMap<string, Value | null>>;

/** Results of reads, in keys. */
export class ReadCounts {
  hits = 0;
  misses = 0;
  coalesced = 0;
  staleServed = 0;
  /** Served because the source was unavailable. */
  lastValues = 0;
  /** Not served, although the source was unavailable. */
  tooOld = 0;
  /** Hits that came from the shared store. */
  sharedHits = 0;
}

/** The source of entries that memory lacks. */
export interface EntrySource<Value> {
  /** An entry for each key. Rejects only as `load` does. */
  fetch(
    keys: readonly string[],
    load: LoadMissing<Value>,
    counts: ReadCounts,
  ): Promise<ReadonlyMap<string, Entry<Value>>>;
}

interface EntryLoaderOptions<Value> {
  readonly ttlMs: number;
  readonly negativeTtlMs: number;
  readonly lastValues: LastValuePolicy;
  readonly tagsOfKey: (key: string) => readonly string[];
  readonly tagsOfValue: (value: Value) => readonly string[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly isUnavailable: (error: unknown) => boolean;
  readonly onLastValues: (error: unknown) => void;
  readonly onTooOld: (error: unknown) => void;
  readonly memory: MemoryEntries<Value>;
  readonly log: InvalidationLog;
  readonly breaker: CircuitBreaker;
}

const ttlJitter = 0.1;

/** Loads entries into memory; while the source is unavailable it answers with the last known values. */
export class EntryLoader<Value> implements EntrySource<Value> {
  readonly #options: EntryLoaderOptions<Value>;
  #isTooOldReported = false;

  constructor(options: EntryLoaderOptions<Value>) {
    this.#options = options;
  }

  async fetch(
    keys: readonly string[],
    load: LoadMissing<Value>,
    counts: ReadCounts,
  ): Promise<ReadonlyMap<string, Entry<Value>>> {
    const { clock, log, memory, breaker } = this.#options;
    counts.misses += keys.length;
    // Both before the load: an invalidation during the load applies to it, and the result can be as old as
    // its start.
    const startedAt = log.sequence;
    const now = clock.now();
    try {
      const values = await load(keys);
      breaker.close();
      this.#isTooOldReported = false;
      const entries = new Map(
        keys.map((key) => [key, this.#loaded(key, values.get(key) ?? null, startedAt, now)] as const),
      );
      await memory.write(entries);
      return entries;
    } catch (error) {
      return this.#lastValues(keys, error, counts);
    }
  }

  entry(key: string, value: Value | null, validAsOf: number, freshUntil: number): Entry<Value> {
    const { tagsOfKey, tagsOfValue } = this.#options;
    const tags = value === null ? tagsOfKey(key) : [...tagsOfKey(key), ...tagsOfValue(value)];
    return createEntry(key, { value, tags: [keyTag(key), ...tags.map(namedTag)], freshUntil, validAsOf });
  }

  #loaded(key: string, value: Value | null, validAsOf: number, now: number): Entry<Value> {
    const { ttlMs, negativeTtlMs, random } = this.#options;
    const stretch = 1 + ttlJitter * (2 * random() - 1);
    return this.entry(key, value, validAsOf, now + stretch * (value === null ? negativeTtlMs : ttlMs));
  }

  /**
   * The last known values in place of a load that failed because the source is unavailable; else throws the
   * error.
   */
  #lastValues(
    keys: readonly string[],
    error: unknown,
    counts: ReadCounts,
  ): ReadonlyMap<string, Entry<Value>> {
    const { clock, isUnavailable, lastValues, memory, onLastValues, breaker } = this.#options;
    if (!isUnavailable(error)) throw error;
    const now = clock.now();
    const isNew = breaker.open(now);
    const entries = new Map<string, Entry<Value>>();
    for (const key of keys) {
      const entry = memory.find(key);
      if (entry === undefined || !lastValues.permits(entry, now)) {
        if (entry !== undefined && entry.value !== null) this.#reportTooOld(error, counts);
        throw error;
      }
      entries.set(key, entry);
    }
    if (isNew) onLastValues(error);
    counts.staleServed += keys.length;
    counts.lastValues += keys.length;
    return entries;
  }

  #reportTooOld(error: unknown, counts: ReadCounts): void {
    counts.tooOld += 1;
    if (!this.#isTooOldReported) this.#options.onTooOld(error);
    this.#isTooOldReported = true;
  }
}
