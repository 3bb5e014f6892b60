import { freezeAndMeasure } from '../deep-freeze.ts';

/** A cached value, or the knowledge that a key has none. */
export interface Entry<Value> {
  /** Deeply frozen, because all readers share it. Null: known not to exist. */
  readonly value: Value | null;
  /** The entry is invalid as soon as one of these tags is invalidated. */
  readonly tags: readonly string[];
  /** By the cache's clock, in milliseconds since the epoch. */
  readonly freshUntil: number;
  /** An estimate of the bytes of heap with its key, too high rather than too low. */
  readonly bytes: number;
  /**
   * The position in the invalidation log at which the value was last known to be valid. It starts before the
   * load, so that an invalidation during the load makes the entry invalid from the start.
   */
  validAsOf: number;
}

/** Bytes of the entry itself, its record and its place in the list. */
const recordBytes = 400;
/** Bytes of a key or tag beside its characters: both are concatenated, and flattened when looked up. */
const nameBytes = 144;

/** Creates the entry of a key and freezes its value. @throws TypeError for a value that cannot be frozen */
export function createEntry<Value>(
  key: string,
  { value, tags, freshUntil, validAsOf }: Omit<Entry<Value>, 'bytes'>,
): Entry<Value> {
  let bytes = recordBytes + nameBytes + 2 * key.length + freezeAndMeasure(value);
  for (const tag of tags) bytes += nameBytes + 2 * tag.length;
  return { value, tags, freshUntil, bytes, validAsOf };
}

/** The tag that invalidates one key. */
export function keyTag(key: string): string {
  return `key:${key}`;
}

/** A declared tag, prefixed so that a tag and a key with the same text stay apart. */
export function namedTag(tag: string): string {
  return `tag:${tag}`;
}
