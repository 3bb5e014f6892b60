/** What is remembered for one key. */
export interface Entry<Value> {
  /** Deeply frozen, because every reader gets the same object. Null: known not to exist. */
  readonly value: Value | null;
  /** Its key's mark and its tags' marks: it ends when one of them is invalidated. */
  readonly marks: readonly string[];
  /** The cache's clock decides, in milliseconds since the epoch. */
  readonly freshUntil: number;
  /**
   * The point in the invalidation log that the value is known to have survived: at first the one before its load
   * began, so that a load which an invalidation overtook is stale from birth. It moves on whenever the entry is found
   * unharmed.
   */
  survivedUntil: number;
}

export function markOfKey(key: string): string {
  return `key:${key}`;
}

/** Keys and tags are invalidated through one log, and must not be taken for each other there. */
export function markOfTag(tag: string): string {
  return `tag:${tag}`;
}
