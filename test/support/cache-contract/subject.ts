import { vi } from 'vitest';
import type { CacheOptions } from '../../../src/caching/cache-options.ts';
import type { Cache } from '../../../src/caching/cache.ts';
import { TestClock } from '../clock.ts';
import { deferred } from '../deferred.ts';

/** What the caches of the contract hold. */
export interface Profile {
  readonly name: string;
  readonly team?: string;
}

/** Makes a cache on whatever the contract is tried on; each call on one that is empty. */
export type MakeCache = <Value>(options: CacheOptions<Value>) => Cache<Value>;

/** One minute for values, ten seconds for their absence; the team is a tag. */
export function aCache(make: MakeCache, clock = new TestClock(), random = () => 0.5): Cache<Profile> {
  return make<Profile>({
    name: 'PROFILES',
    ttlMs: 60_000,
    negativeTtlMs: 10_000,
    entriesMax: 1_000,
    tagsOfValue: (profile) => (profile.team === undefined ? [] : [`team:${profile.team}`]),
    clock,
    random,
  });
}

/** Loads that answer `<key> 1` for the first, `<key> 2` for the second, and so on. */
export function aSource() {
  let loads = 0;
  const profile = (key: string): Profile => ({ name: `${key} ${loads}` });
  return {
    one: vi.fn(async (key: string) => {
      loads += 1;
      return profile(key);
    }),
    many: vi.fn(async (keys: readonly string[]) => {
      loads += 1;
      return new Map(keys.map((key) => [key, profile(key)]));
    }),
  };
}

/** A load of one key that a test holds up, and that tells when it has begun. */
export function aSlowLoad() {
  const answer = deferred<Profile>();
  const beginning = deferred<null>();
  return {
    begun: beginning.promise,
    load: (): Promise<Profile> => {
      beginning.resolve(null);
      return answer.promise;
    },
    resolve: (profile: Profile) => answer.resolve(profile),
    reject: (error: Error) => answer.reject(error),
  };
}
