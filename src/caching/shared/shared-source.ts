import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailable } from '../key-value-store.ts';
import type { EntryLoader, EntrySource, LoadMissing, ReadCounts } from '../loading/entry-loader.ts';
import type { Entry } from '../memory/entry.ts';
import type { InvalidationLog } from '../memory/invalidation-log.ts';
import type { MemoryEntries } from '../memory/memory-entries.ts';
import type { SharedEntries, SharedReading, SharedValue } from './shared-entries.ts';

interface SharedSourceOptions<Value> {
  readonly trust: { readonly isTrusted: boolean };
  readonly onStoreError: (error: unknown) => void;
  readonly memory: MemoryEntries<Value>;
  readonly loader: EntryLoader<Value>;
  readonly shared: SharedEntries<Value>;
  readonly log: InvalidationLog;
}

type Claim<Value> = Omit<SharedReading<Value>, 'found'> & { readonly mine: readonly string[] };

const pollMs = 15;
const pollsMax = 10;

/**
 * Entries from the store that several processes share, else from the loader. Of several processes that miss
 * the same key one loads; the others wait a short time for the shared result.
 */
export class SharedSource<Value> implements EntrySource<Value> {
  readonly #options: SharedSourceOptions<Value>;

  constructor(options: SharedSourceOptions<Value>) {
    this.#options = options;
  }

  async fetch(
    keys: readonly string[],
    load: LoadMissing<Value>,
    counts: ReadCounts,
  ): Promise<ReadonlyMap<string, Entry<Value>>> {
    const entries = new Map<string, Entry<Value>>();
    let wanted = keys;
    for (let poll = 0; wanted.length > 0; poll += 1) {
      if (poll > 0) await delay(pollMs);
      const reading = await this.#read(wanted, entries, counts);
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

  /** Adds the shared entries; null if the store is unavailable. */
  async #read(
    keys: readonly string[],
    entries: Map<string, Entry<Value>>,
    counts: ReadCounts,
  ): Promise<SharedReading<Value> | null> {
    const { shared, trust, loader, log, memory } = this.#options;
    if (!trust.isTrusted) return null;
    const startedAt = log.sequence;
    const reading = await this.#attempt(() => shared.read(keys));
    if (reading === null || reading.found.size === 0) return reading;
    const found = new Map<string, Entry<Value>>();
    for (const [key, { value, freshUntil }] of reading.found) {
      const entry = loader.entry(key, value, startedAt, freshUntil);
      found.set(key, entry);
      entries.set(key, entry);
    }
    counts.hits += found.size;
    counts.sharedHits += found.size;
    await memory.write(found);
    return reading;
  }

  async #claim(keys: readonly string[], reading: SharedReading<Value>): Promise<Claim<Value> | null> {
    const claimed = await this.#attempt(() => this.#options.shared.claim(keys, reading));
    return claimed === null ? null : { keySpace: reading.keySpace, ...claimed };
  }

  /** A null claim means that the result must not be shared. */
  async #load(
    keys: readonly string[],
    load: LoadMissing<Value>,
    claim: Claim<Value> | null,
    counts: ReadCounts,
  ): Promise<ReadonlyMap<string, Entry<Value>>> {
    const { loader, shared } = this.#options;
    // Last known values are not shared: they are older than the claim.
    let isLoaded = false;
    const loadAndNote: LoadMissing<Value> = async (missing) => {
      const values = await load(missing);
      isLoaded = true;
      return values;
    };
    try {
      const entries = await loader.fetch(keys, loadAndNote, counts);
      if (claim !== null && isLoaded) await this.#share(entries, claim);
      return entries;
    } finally {
      if (claim !== null) await this.#attempt(() => shared.release(claim.keySpace, keys));
    }
  }

  async #share(entries: ReadonlyMap<string, Entry<Value>>, claim: Claim<Value>): Promise<void> {
    const { shared, trust, memory } = this.#options;
    const values = new Map<string, SharedValue<Value>>();
    for (const [key, entry] of entries) {
      const { value, freshUntil } = entry;
      if (value !== null && memory.isValid(entry)) values.set(key, { value, freshUntil });
    }
    if (values.size === 0 || !trust.isTrusted) return;
    await this.#attempt(() => shared.write(values, claim.keySpace, claim.generations));
  }

  /** Null when the store fails: losing an entry is allowed, failing a request over it is not. */
  async #attempt<Result>(work: () => Promise<Result>): Promise<Result | null> {
    try {
      return await work();
    } catch (error) {
      // A store that is known to be unavailable was counted when it failed.
      if (!(error instanceof StoreUnavailable)) this.#options.onStoreError(error);
      return null;
    }
  }
}
