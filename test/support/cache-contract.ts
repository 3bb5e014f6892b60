import { describe } from 'vitest';
import { itForgets } from './cache-contract/invalidation.ts';
import { itRemembers } from './cache-contract/remembering.ts';
import { itSharesLoads } from './cache-contract/sharing.ts';
import type { MakeCache } from './cache-contract/subject.ts';

/** The contract of every cache, over any store. */
export function describeCacheOn(stores: string, make: MakeCache): void {
  describe(`a cache on ${stores} remembers`, () => itRemembers(make));
  describe(`a cache on ${stores} shares loads`, () => itSharesLoads(make));
  describe(`a cache on ${stores} forgets`, () => itForgets(make));
}
