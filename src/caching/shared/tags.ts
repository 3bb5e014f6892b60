import type { Invalidation } from '../coherence/coherence.ts';

const bucketCount = 256;

/** The tag of all entries in the store. */
export const everythingTag = 'all';

/** A tag whose generation changes with every invalidation of a declared tag, before that tag's own does. */
export const clockTag = 'clock';

/** The tag of all entries of a cache. */
export function cacheTag(name: string): string {
  return `cache:${name}`;
}

/**
 * The tag of one key, shared by a bucket of keys. Keys are rarely invalidated alone, and a generation per key
 * would let requests for random keys fill the store.
 */
export function bucketTag(cache: string, key: string): string {
  let hash = 0;
  for (let index = 0; index < key.length; index += 1) {
    hash = (Math.imul(hash, 31) + key.charCodeAt(index)) >>> 0;
  }
  return `key:${cache}:${hash % bucketCount}`;
}

/** The tag of a declared tag, in the store. */
export function namedTag(tag: string): string {
  return `tag:${tag}`;
}

/** Returns whether a tag in the store belongs to a declared tag. */
export function isNamedTag(tag: string): boolean {
  return tag.startsWith('tag:');
}

/** The tag whose generation changes with an invalidation. */
export function tagOf(invalidation: Invalidation): string {
  if ('everything' in invalidation) return everythingTag;
  if ('tag' in invalidation) return namedTag(invalidation.tag);
  return 'key' in invalidation
    ? bucketTag(invalidation.cache, invalidation.key)
    : cacheTag(invalidation.cache);
}
