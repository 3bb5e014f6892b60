/** A cached value, or the knowledge that a key has none. */
export interface Entry<Value> {
  /** Deeply frozen, because all readers share it. Null: known not to exist. */
  readonly value: Value | null;
  /** The entry is invalid as soon as one of these tags is invalidated. */
  readonly tags: readonly string[];
  /** By the cache's clock, in milliseconds since the epoch. */
  readonly freshUntil: number;
  /**
   * The position in the invalidation log at which the value was last known to be valid. It starts before the
   * load, so that an invalidation during the load makes the entry invalid from the start.
   */
  validAsOf: number;
}

/** The tag that invalidates one key. */
export function keyTag(key: string): string {
  return `key:${key}`;
}

/** A declared tag, prefixed so that a tag and a key with the same text stay apart. */
export function namedTag(tag: string): string {
  return `tag:${tag}`;
}
