import { describe } from 'vitest';
import type { CacheStore } from '../../src/platform/cache/cache-store.ts';
import { itForgets } from './cache-contract/invalidation.ts';
import { itRemembers } from './cache-contract/remembering.ts';
import { itSharesLoads } from './cache-contract/sharing.ts';

/** What every cache promises, whatever store is behind it; each test makes a store of its own. */
export function describeCacheOn(storeName: string, createStore: () => CacheStore): void {
  describe(`a cache on ${storeName} remembers`, () => itRemembers(createStore));
  describe(`a cache on ${storeName} shares loads`, () => itSharesLoads(createStore));
  describe(`a cache on ${storeName} forgets`, () => itForgets(createStore));
}
