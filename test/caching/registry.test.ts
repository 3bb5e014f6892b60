import { expect, it } from 'vitest';
import { CacheRegistry } from '../../src/caching/cache-registry.ts';
import { Cache } from '../../src/caching/cache.ts';
import { TestClock } from '../support/clock.ts';

interface Profile {
  readonly userId: string;
}

const common = { ttlMs: 60_000, negativeTtlMs: 60_000, entriesMax: 10, clock: new TestClock() };

function profilesAndSessions() {
  const profiles = new Cache({
    ...common,
    name: 'PROFILES',
    tagsOfValue: (profile: Profile) => [`user:${profile.userId}`],
  });
  const sessions = new Cache({
    ...common,
    name: 'SESSIONS',
    tagsOfValue: (userId: string) => [`user:${userId}`],
  });
  return { profiles, sessions, registry: new CacheRegistry([profiles, sessions]) };
}

it('cache registry: invalidates everything of one user in all caches, and reports each', async () => {
  const { profiles, sessions, registry } = profilesAndSessions();
  for (const userId of ['ann', 'bob']) {
    await profiles.get(userId, async () => ({ userId }));
    await sessions.get(`session of ${userId}`, async () => userId);
  }
  expect(await registry.invalidate({ tag: 'user:ann' })).toEqual([
    { cache: 'PROFILES', removed: null, stores: [{ store: 'memory', ok: true, message: null }] },
    { cache: 'SESSIONS', removed: null, stores: [{ store: 'memory', ok: true, message: null }] },
  ]);

  expect(profiles.peekMany(['ann'])).toBeUndefined();
  expect(sessions.peekMany(['session of ann'])).toBeUndefined();
  expect(profiles.peekMany(['bob'])).toEqual([{ userId: 'bob' }]);
  expect(sessions.peekMany(['session of bob'])).toEqual(['bob']);
});

it('cache registry: finds a cache by its name, and null for any other', () => {
  const { profiles, registry } = profilesAndSessions();
  expect(registry.find('PROFILES')).toBe(profiles);
  expect(registry.find('toString')).toBeNull();
});

it('cache registry: reports the statistics of each cache', async () => {
  const { sessions, registry } = profilesAndSessions();
  await sessions.get('a', async () => 'ann');
  await sessions.get('a', async () => 'ann');

  expect(registry.statistics()).toMatchObject([
    { name: 'PROFILES', hits: 0, misses: 0 },
    { name: 'SESSIONS', hits: 1, misses: 1, entries: 1, ttlMs: 60_000 },
  ]);
});

it('cache registry: rejects two caches of one name', () => {
  const { profiles } = profilesAndSessions();
  expect(() => new CacheRegistry([profiles, profiles])).toThrow(
    'Two caches have the same name: PROFILES, PROFILES.',
  );
});
