/** An invalidation of a whole cache, of one entry, or of all entries with a tag in every cache. */
export type NamedInvalidation =
  | { readonly cache: string }
  | { readonly cache: string; readonly key: string }
  | { readonly tag: string };

/** An invalidation; too many names together are replaced by everything in every cache. */
export type Invalidation = NamedInvalidation | { readonly everything: true };

/**
 * A receiver of committed invalidations. Both methods are called synchronously in the order of the commits
 * and never throw.
 */
export interface InvalidationListener {
  invalidated(invalidations: readonly Invalidation[]): void;
  /**
   * Notifications may be lost: everything in the memory of this process is invalid. Shared stores are not
   * affected: another process confirmed that they are clean, or the epoch was raised.
   */
  onGap(): void;
}

/** A store that several processes read from, such as Redis. */
export interface SharedStore {
  /**
   * The key space in which everything that this process knows to be invalid is invalidated for all readers;
   * null if that is unknown. Never rejects, and resolves within a time limit even if the store does not
   * respond.
   */
  confirmClean(): Promise<string | null>;
  /**
   * Takes the key spaces that another process without gaps confirmed as clean, which need not include this
   * store. To be called before anything is read from the store.
   */
  confirmedClean(keySpaces: readonly string[]): void;
}

/** Coherence of the caches of all processes on one database. */
export interface Coherence {
  /**
   * True if this process has received every invalidation that was committed until a moment ago; while false,
   * nothing may be answered from memory or a shared store. Cheap enough for every read.
   */
  readonly isTrusted: boolean;
  /** True if the last attempt to reach the database failed, so that values cannot be loaded either. */
  readonly isCutOff: boolean;
  /**
   * Milliseconds since the last moment up to which every invalidation is known to have been received;
   * Infinity if there was none.
   */
  readonly silentMs: number;
  /**
   * Part of every key in a shared store, so that a new epoch invalidates everything there; null while
   * unknown.
   */
  readonly epoch: string | null;
  /** A name that no other database has, for stores that several use; null until the first connection. */
  readonly databaseName: string | null;
  /** Returns a function that unsubscribes. */
  subscribe(listener: InvalidationListener): () => void;
  /**
   * Adds a store that has to be clean before a joining process may read from it. Returns a function that
   * removes it.
   */
  share(store: SharedStore): () => void;
  /**
   * To be awaited after a write has been committed and before it is acknowledged: afterwards no process
   * answers with what the write replaced. Takes at most 2 s, even if all other processes have
   * stopped answering, and never rejects.
   * @returns true if all processes confirmed; false if the lease of a silent one had to expire instead
   */
  waitForInvalidation(): Promise<boolean>;
}
