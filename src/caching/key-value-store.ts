/** A text under a key, until its time is over. */
export interface StoredText {
  readonly key: string;
  readonly text: string;
  readonly ttlMs: number;
}

/** A store that several processes share. */
export interface KeyValueStore {
  /** What statistics and reports call it, such as `redis`. */
  readonly name: string;
  /** Null while nobody answers. */
  readonly session: StoreSession | null;
}

/**
 * The few commands that caches need, for as long as they reach the same server without interruption. Each rejects when
 * it fails, and soon; and when the session has ended, whatever was answered.
 */
export interface StoreSession {
  /** Of the server, or servers: started again, or replaced by another, it has another one. */
  readonly incarnation: string;
  /** The texts of the keys in their order. */
  getMany(keys: readonly string[]): Promise<(string | undefined)[]>;
  setMany(texts: readonly StoredText[]): Promise<void>;
  /** Sets those whose key has no text yet, and says of each whether it did. */
  addMany(texts: readonly StoredText[]): Promise<boolean[]>;
  /** From now on; a key without a text stays without. */
  extendMany(keys: readonly string[], ttlMs: number): Promise<void>;
  removeMany(keys: readonly string[]): Promise<void>;
}

/** The store can't be used now. */
export class StoreUnavailable extends Error {
  constructor(name: string) {
    super(`The store ${name} can't be reached.`);
    this.name = 'StoreUnavailable';
  }
}
