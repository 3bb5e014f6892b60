import type { DeserializedData, KeyvStoreAdapter } from 'keyv';

/**
 * A Keyv store adapter fit for a `Cache`. Each of its methods rejects when it fails: a store that swallows its own
 * failures can't be counted, and an invalidation through it would be a lie.
 */
export type CacheStore = KeyvStoreAdapter &
  // Without these two Keyv makes a promise for every key, and loses the failures of reads.
  Required<Pick<KeyvStoreAdapter, 'getMany' | 'setMany'>> & {
    /** What statistics and reports call it, such as `memory`. */
    readonly name: string;
    /** The part of the store that is in this process; null for a store that has none. */
    readonly memory: MemoryLayer | null;
  };

/** What a process holds of a cache by reference, readable without a promise. Never throws. */
export interface MemoryLayer {
  /** What Keyv stored there; reading it counts as a use. The caller judges whether it is still fresh. */
  read<Stored>(key: string): DeserializedData<Stored> | undefined;
  /** Everything there, in no particular order; reading it so does not count as a use. */
  records<Stored>(): Iterable<DeserializedData<Stored>>;
  readonly size: number;
  /** How many records were pushed out, in all, because newer ones needed the room. */
  readonly evictions: number;
}
