import type { Invalidation } from '../coherence/coherence.ts';

const bucketCount = 256;

/** Everything in the store. */
export const everythingTag = 'all';

/** Gets a new generation with every invalidation of a tag, before the tag itself does. */
export const clockTag = 'clock';

export function cacheTag(name: string): string {
  return `cache:${name}`;
}

/**
 * Keys share their marks with others of the same cache. Few are ever invalidated alone, and a generation for each would
 * let whoever asks for random keys fill the store.
 */
export function bucketTag(cache: string, key: string): string {
  let hash = 0;
  for (let index = 0; index < key.length; index += 1) {
    hash = (Math.imul(hash, 31) + key.charCodeAt(index)) >>> 0;
  }
  return `key:${cache}:${hash % bucketCount}`;
}

export function namedTag(tag: string): string {
  return `tag:${tag}`;
}

export function isNamedTag(tag: string): boolean {
  return tag.startsWith('tag:');
}

/** What gets a new generation when this is invalidated. */
export function tagOf(invalidation: Invalidation): string {
  if ('everything' in invalidation) return everythingTag;
  if ('tag' in invalidation) return namedTag(invalidation.tag);
  return 'key' in invalidation
    ? bucketTag(invalidation.cache, invalidation.key)
    : cacheTag(invalidation.cache);
}
