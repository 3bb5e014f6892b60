import { describe, expect, it } from 'vitest';
import type { PeopleWarmer } from '../../../src/domains/operations/model.ts';
import { createWarming } from '../../../src/domains/operations/warming.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { deferred } from '../../support/deferred.ts';

const people = Array.from({ length: 1200 }, (_, index) => `user ${index}`);

/** Warming with one cache, whose loading is the test's. */
function warmingBy(load: PeopleWarmer['warm'], entriesMax = 10_000, isTrusted = () => true) {
  return createWarming({
    warmers: [],
    peopleWarmers: [{ cache: 'PROFILES', entriesMax, warm: load }],
    findRecentlyActive: async (limit) => people.slice(0, limit),
    isTrusted,
    logger: createLogger({ level: 'silent' }),
  });
}

describe('warming', () => {
  it('stops at the capacity of the cache, so that it evicts nothing', async () => {
    const asked: [number, number][] = [];
    const { warm } = warmingBy(async (userIds, room) => {
      asked.push([userIds.length, room]);
      return Math.min(userIds.length, room);
    }, 700);

    expect(await warm({ recentlyActive: 1200 })).toEqual([{ cache: 'PROFILES', loaded: 700 }]);
    expect(asked).toEqual([
      [500, 700],
      [500, 200],
    ]);
  });

  it('stops after the current batch', async () => {
    const stopping = new AbortController();
    const { warm } = warmingBy(async (userIds) => {
      stopping.abort();
      return userIds.length;
    });

    expect(await warm({ recentlyActive: 1200, signal: stopping.signal })).toEqual([
      { cache: 'PROFILES', loaded: 500 },
    ]);
  });

  it('delays a start by at most its limit, and continues in the background', async () => {
    const slow = deferred<number>();
    const batches: number[] = [];
    const warming = warmingBy(async (userIds) => {
      batches.push(userIds.length);
      return slow.promise;
    });
    await warming.warmWithin(1, { recentlyActive: 1200 });
    expect(batches).toEqual([500]);

    slow.resolve(0);
    await expect.poll(() => batches).toEqual([500, 500, 200]);
  });

  it('waits at start until the caches are usable', async () => {
    let isTrusted = false;
    const batches: number[] = [];
    const warming = warmingBy(
      async (userIds) => batches.push(userIds.length),
      10_000,
      () => isTrusted,
    );
    await warming.warmWithin(1, { recentlyActive: 1 });
    expect(batches).toEqual([]);

    isTrusted = true;
    await expect.poll(() => batches).toEqual([1]);
  });

  it('lets a server start with cold caches when the database fails', async () => {
    const warming = warmingBy(async () => Promise.reject(new Error('away')));

    await expect(warming.warmWithin(60_000, { recentlyActive: 1 })).resolves.toBeUndefined();
  });
});
