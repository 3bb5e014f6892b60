import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../platform/runtime/clock.ts';
import { deepFreeze } from '../deep-freeze.ts';
import { markOfKey, markOfTag, type Entry } from '../memory/entry.ts';
import type { InvalidationLog } from '../memory/invalidation-log.ts';
import { StoreAway } from '../key-value-store.ts';
import type { MemoryEntries } from '../memory/memory-entries.ts';
import type { Outage } from './circuit-breaker.ts';
import type { SharedEntries, SharedReading, SharedValue } from '../shared/shared-entries.ts';

/** Reads the values of several keys from the source; a key without an answer has no value. */
export type LoadMissing<Value> = (missing: readonly string[]) => Promise<ReadonlyMap<string, Value | null>>;

/** What became of the keys that were asked for. */
export class ReadCounts {
  hits = 0;
  misses = 0;
  coalesced = 0;
  staleServed = 0;
  /** Of the hits, those that memory lacked. */
  sharedHits = 0;
}

interface EntrySourceOptions<Value> {
  readonly ttlMs: number;
  readonly negativeTtlMs: number;
  readonly lastValueMs: number;
  readonly tagsOfKey: (key: string) => readonly string[];
  readonly tagsOfValue: (value: Value) => readonly string[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly trust: { readonly isTrusted: boolean };
  readonly isUnavailable: (error: unknown) => boolean;
  readonly onLastValues: (error: unknown) => void;
  readonly onStoreError: (error: unknown) => void;
  readonly memory: MemoryEntries<Value>;
  /** Null: there is none. */
  readonly shared: SharedEntries<Value> | null;
  readonly log: InvalidationLog;
  readonly outage: Outage;
}

type Claim<Value> = Omit<SharedReading<Value>, 'found'>;

const ttlJitter = 0.1;
const pollMs = 15;
const pollsMax = 10;

/** Where entries come from that memory lacks: the store that processes share, and else the load. */
export class EntrySource<Value> {
  readonly #options: EntrySourceOptions<Value>;

  constructor(options: EntrySourceOptions<Value>) {
    this.#options = options;
  }

  /**
   * An entry for each key. Of several processes that want the same, one loads and the others wait for what it shares,
   * for a little while. Rejects only as `load` does.
   */
  async fetch(
    keys: readonly string[],
    load: LoadMissing<Value>,
    counts: ReadCounts,
  ): Promise<ReadonlyMap<string, Entry<Value>>> {
    const entries = new Map<string, Entry<Value>>();
    let wanted = keys;
    for (let poll = 0; wanted.length > 0; poll += 1) {
      if (poll > 0) await delay(pollMs);
      const reading = await this.#readShared(wanted, entries, counts);
      const missing = wanted.filter((key) => !entries.has(key));
      const claim = reading === null || missing.length === 0 ? null : await this.#claim(missing, reading);
      const isPatient = claim !== null && poll < pollsMax;
      const mine = isPatient ? claim.mine : missing;
      if (mine.length > 0) {
        for (const [key, entry] of await this.#load(mine, load, claim, counts)) entries.set(key, entry);
      }
      wanted = missing.filter((key) => !entries.has(key));
    }
    return entries;
  }

  /** Puts what the shared store has among the entries; null when it can't be used. */
  async #readShared(
    keys: readonly string[],
    entries: Map<string, Entry<Value>>,
    counts: ReadCounts,
  ): Promise<SharedReading<Value> | null> {
    const { shared, trust, log, memory } = this.#options;
    if (shared === null || !trust.isTrusted) return null;
    const startedAt = log.sequence;
    const reading = await this.#attempt(() => shared.read(keys));
    if (reading === null || reading.found.size === 0) return reading;
    const found = new Map(
      Array.from(
        reading.found,
        ([key, { value, freshUntil }]) => [key, this.#entry(key, value, startedAt, freshUntil)] as const,
      ),
    );
    counts.hits += found.size;
    counts.sharedHits += found.size;
    for (const [key, entry] of found) entries.set(key, entry);
    await memory.write(found);
    return reading;
  }

  async #claim(
    keys: readonly string[],
    reading: SharedReading<Value>,
  ): Promise<(Claim<Value> & { readonly mine: string[] }) | null> {
    const claimed = await this.#attempt(async () => this.#options.shared?.claim(keys, reading) ?? null);
    return claimed === null ? null : { place: reading.place, ...claimed };
  }

  /** `claim` is null where nothing may be shared. */
  async #load(
    keys: readonly string[],
    load: LoadMissing<Value>,
    claim: Claim<Value> | null,
    counts: ReadCounts,
  ): Promise<ReadonlyMap<string, Entry<Value>>> {
    const { clock, log, memory, outage } = this.#options;
    counts.misses += keys.length;
    // Both before the load: what is invalidated while it runs has overtaken it, and it can be as old as its beginning.
    const startedAt = log.sequence;
    const now = clock.now();
    try {
      const values = await load(keys);
      outage.end();
      const entries = new Map(
        keys.map((key) => [key, this.#loaded(key, values.get(key) ?? null, startedAt, now)] as const),
      );
      await memory.write(entries);
      if (claim !== null) await this.#share(entries, claim);
      return entries;
    } catch (error) {
      return this.#lastValues(keys, error, counts);
    } finally {
      if (claim !== null) await this.#attempt(() => this.#options.shared?.release(claim.place, keys));
    }
  }

  async #share(entries: ReadonlyMap<string, Entry<Value>>, claim: Claim<Value>): Promise<void> {
    const { shared, trust, memory } = this.#options;
    const values = new Map<string, SharedValue<Value>>();
    for (const [key, entry] of entries) {
      const { value, freshUntil } = entry;
      if (value !== null && memory.isUnharmed(entry)) values.set(key, { value, freshUntil });
    }
    if (values.size === 0 || !trust.isTrusted) return;
    await this.#attempt(() => shared?.write(values, claim.place, claim.generations));
  }

  /** Null when the store fails: losing an entry is allowed, failing a request over it is not. */
  async #attempt<Result>(work: () => Promise<Result> | undefined): Promise<Result | null> {
    try {
      return (await work()) ?? null;
    } catch (error) {
      // Known to be away is not a failure of its own; the one that made it known has been counted.
      if (error instanceof StoreAway) return null;
      this.#options.onStoreError(error);
      return null;
    }
  }

  /** What was known last, in place of a load that failed because the source is away; else throws the error. */
  #lastValues(
    keys: readonly string[],
    error: unknown,
    counts: ReadCounts,
  ): ReadonlyMap<string, Entry<Value>> {
    const { clock, isUnavailable, lastValueMs, memory, onLastValues, outage } = this.#options;
    if (!isUnavailable(error)) throw error;
    const now = clock.now();
    const isNew = outage.begin(now);
    const entries = new Map<string, Entry<Value>>();
    for (const key of keys) {
      const entry = memory.find(key);
      if (entry === undefined || entry.value === null || now >= entry.freshUntil + lastValueMs) throw error;
      entries.set(key, entry);
    }
    if (isNew) onLastValues(error);
    counts.staleServed += keys.length;
    return entries;
  }

  #loaded(key: string, value: Value | null, survivedUntil: number, now: number): Entry<Value> {
    const { ttlMs, negativeTtlMs, random } = this.#options;
    const stretch = 1 + ttlJitter * (2 * random() - 1);
    return this.#entry(key, value, survivedUntil, now + stretch * (value === null ? negativeTtlMs : ttlMs));
  }

  #entry(key: string, value: Value | null, survivedUntil: number, freshUntil: number): Entry<Value> {
    const { tagsOfKey, tagsOfValue } = this.#options;
    const tags = value === null ? tagsOfKey(key) : [...tagsOfKey(key), ...tagsOfValue(value)];
    return {
      value: deepFreeze(value),
      marks: [markOfKey(key), ...tags.map(markOfTag)],
      freshUntil,
      survivedUntil,
    };
  }
}
