import type { Invalidation } from '../coherence/coherence.ts';

const bucketCount = 256;

/** Everything in the store. */
export const markOfAll = 'all';

/** Gets a new generation with every invalidation of a tag, before the tag itself does. */
export const markOfTagClock = 'clock';

export function markOfCache(name: string): string {
  return `cache:${name}`;
}

/**
 * Keys share their marks with others of the same cache. Few are ever invalidated alone, and a generation for each would
 * let whoever asks for random keys fill the store.
 */
export function markOfSharedKey(cache: string, key: string): string {
  let hash = 0;
  for (let index = 0; index < key.length; index += 1) {
    hash = (Math.imul(hash, 31) + key.charCodeAt(index)) >>> 0;
  }
  return `key:${cache}:${hash % bucketCount}`;
}

export function markOfSharedTag(tag: string): string {
  return `tag:${tag}`;
}

export function isMarkOfTag(mark: string): boolean {
  return mark.startsWith('tag:');
}

/** What gets a new generation when this is invalidated. */
export function markOf(invalidation: Invalidation): string {
  if ('everything' in invalidation) return markOfAll;
  if ('tag' in invalidation) return markOfSharedTag(invalidation.tag);
  return 'key' in invalidation
    ? markOfSharedKey(invalidation.cache, invalidation.key)
    : markOfCache(invalidation.cache);
}
