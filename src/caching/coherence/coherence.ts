/** What ended: a whole cache, one entry of it, or everything that carries a tag, in every cache. */
export type NamedInvalidation =
  | { readonly cache: string }
  | { readonly cache: string; readonly key: string }
  | { readonly tag: string };

/** What ended; so much at once that naming it would not pay is everything, in every cache. */
export type Invalidation = NamedInvalidation | { readonly everything: true };

/** Who is told what ended elsewhere. Both are called at once, in the order in which it was committed, and never throw. */
export interface InvalidationListener {
  invalidated(invalidations: readonly Invalidation[]): void;
  /**
   * Something may not have been heard: whatever this process remembers itself counts as ended. What a shared store holds
   * does not: another process has vouched for it, or it has ended with the epoch.
   */
  onGap(): void;
}

/** A store that several processes read from, such as Redis. */
export interface SharedStore {
  /**
   * The place in which everything that this process has been told until now is ended, for whoever reads there; null when
   * that is not known. Never rejects, and answers soon: by a timer of its own when the store does not.
   */
  confirmClean(): Promise<string | null>;
  /**
   * Another process, which missed nothing, vouches for these places and no others; what it knows of may not be this store.
   * To be called before anything is read there.
   */
  confirmedClean(keySpaces: readonly string[]): void;
}

/** How the caches of all processes on one database keep to the truth. */
export interface Coherence {
  /**
   * Whether every invalidation that was committed until a moment ago has been heard here. While it is false nothing may
   * be answered from memory or from a shared store. Cheap enough to be asked at every read.
   */
  readonly isTrusted: boolean;
  /** Whether the database could not be reached when that was last tried: not only is nothing heard, nothing can be asked. */
  readonly isCutOff: boolean;
  /** Part of every key in a shared store: raising it ends everything that is there. */
  readonly epoch: number;
  /** The returned function stops it. */
  subscribe(listener: InvalidationListener): () => void;
  /** Names a store that is asked before a newcomer is told that it may be read from. The returned function ends that. */
  share(store: SharedStore): () => void;
  /**
   * To be awaited after a write has been committed and before it is acknowledged: afterwards no process answers with
   * what the write replaced. Takes at most 2 s, however many processes have stopped answering, and never rejects.
   * @returns whether all have confirmed it; false when the time for which some may answer had to run out instead
   */
  settle(): Promise<boolean>;
}
