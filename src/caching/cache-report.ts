/** A target: one entry, all entries with a tag, or all entries. */
export type InvalidationTarget = { readonly key: string } | { readonly tag: string } | 'all';

/** The result of an invalidation in one cache. */
export interface InvalidationReport {
  readonly cache: string;
  /** The number of removed entries; null where counting would have meant visiting every entry. */
  readonly removed: number | null;
  readonly stores: readonly StoreReport[];
}

/** The result of an invalidation in one store of a cache. */
export interface StoreReport {
  readonly store: string;
  readonly ok: boolean;
  /** The reason of a failure, for administrators; null on success. */
  readonly message: string | null;
}

/** Statistics of a cache since the process started. Each requested key is a hit, a miss or coalesced. */
export interface CacheStatistics {
  readonly name: string;
  /** The stores, nearest first: `memory`, or `memory over redis`. */
  readonly store: string;
  readonly stores: readonly { readonly store: string; readonly hits: number; readonly errors: number }[];
  /** Entries in the memory of this process, fresh or not. */
  readonly entries: number;
  readonly entriesMax: number;
  /** 0: disabled. */
  readonly ttlMs: number;
  /** Keys answered from the cache. */
  readonly hits: number;
  /** Keys that were loaded. */
  readonly misses: number;
  /** Keys that joined another reader's load. */
  readonly coalesced: number;
  /** Hits divided by requested keys, from 0 to 1; 0 without requests. */
  readonly hitRate: number;
  /** Keys answered with an expired value, during its renewal or because the source was unavailable. */
  readonly staleServed: number;
  /** Keys answered with the last known value, because the source was unavailable. */
  readonly lastValues: number;
  /** Keys whose last known value was too old to be served, so that the reader got the source's error. */
  readonly tooOld: number;
  /** Entries that newer ones replaced in memory. */
  readonly evictions: number;
  readonly invalidations: number;
  /** Failures of a store or of a background load, none of which failed a reader. */
  readonly errors: number;
  /** Entries of the shared store that were ignored because no server had signed them under their key. */
  readonly forged: number;
}
