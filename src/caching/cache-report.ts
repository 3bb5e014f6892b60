/** One entry, every entry that carries a tag, or everything. */
export type InvalidationTarget = { readonly key: string } | { readonly tag: string } | 'all';

/** What an invalidation did. */
export interface InvalidationReport {
  readonly cache: string;
  /** How many live entries it ended; null when finding out would have meant visiting every entry. */
  readonly removed: number | null;
  readonly stores: readonly StoreReport[];
}

/** Whether one of a cache's stores confirmed an invalidation. */
export interface StoreReport {
  readonly store: string;
  readonly ok: boolean;
  /** Why not, in words fit for an administrator; null when all went well. */
  readonly message: string | null;
}

/** What a cache did since it was made. Each key that was asked for is a hit, a miss or coalesced. */
export interface CacheStatistics {
  readonly name: string;
  /** The stores, nearest first: `memory`, or `memory over redis`. */
  readonly store: string;
  readonly stores: readonly { readonly store: string; readonly hits: number; readonly errors: number }[];
  /** Held in this process's memory, whether still fresh or not. */
  readonly entries: number;
  readonly entriesMax: number;
  /** 0: it remembers nothing. */
  readonly ttlMs: number;
  /** Keys answered from the cache. */
  readonly hits: number;
  /** Keys for which a load was needed. */
  readonly misses: number;
  /** Keys that waited for somebody else's load instead of making their own. */
  readonly coalesced: number;
  /** The share of hits among all keys that were asked for, from 0 to 1; 0 when there were none. */
  readonly hitRate: number;
  /** Keys answered with a value past its time to live: while it was renewed, or because loading failed. */
  readonly staleServed: number;
  /** Entries pushed out of memory by newer ones. */
  readonly evictions: number;
  readonly invalidations: number;
  /** Failures of a store, or of a load in the background; none of them failed a reader. */
  readonly errors: number;
}
