/** A text under a key, with a time to live. */
export interface StoredText {
  readonly key: string;
  readonly text: string;
  readonly ttlMs: number;
}

/** A store that several processes share. */
export interface KeyValueStore {
  /** The name in statistics and reports, such as `redis`. */
  readonly name: string;
  /** Null while the store is unavailable. */
  readonly session: StoreSession | null;
}

/**
 * The commands that caches need, for as long as they reach the same server without interruption. Each rejects
 * soon after a failure, and always once the session is over.
 */
export interface StoreSession {
  /** ID of the running server or cluster; a restart or failover changes it. */
  readonly incarnation: string;
  /** The texts of the keys in their order. */
  getMany(keys: readonly string[]): Promise<(string | undefined)[]>;
  setMany(texts: readonly StoredText[]): Promise<void>;
  /** Sets the keys that do not exist; returns for each whether it was set. */
  addMany(texts: readonly StoredText[]): Promise<boolean[]>;
  /** Renews the time to live of existing keys. */
  extendMany(keys: readonly string[], ttlMs: number): Promise<void>;
  removeMany(keys: readonly string[]): Promise<void>;
}

/** The store is unavailable. */
export class StoreUnavailable extends Error {
  constructor(name: string) {
    super(`The store ${name} can't be reached.`);
    this.name = 'StoreUnavailable';
  }
}
