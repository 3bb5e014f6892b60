import { vi } from 'vitest';
import type { CacheOptions } from '../../../src/caching/cache-options.ts';
import type { Cache } from '../../../src/caching/cache.ts';
import { TestClock } from '../clock.ts';
import { deferred } from '../deferred.ts';

/** The values in the caches of the contract. */
export interface Profile {
  readonly name: string;
  readonly team?: string;
}

/** Creates a cache on the store under test; each call starts with an empty store. */
export type MakeCache = <Value>(options: CacheOptions<Value>) => Cache<Value>;

/** A cache with a ttl of one minute for values and ten seconds for absences; the team is a tag. */
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

/** A load of one key that a test delays, and that reports its start. */
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
