import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CacheOptions } from '../../src/caching/cache-options.ts';
import { CacheRegistry } from '../../src/caching/cache-registry.ts';
import { Cache } from '../../src/caching/cache.ts';
import { TestClock } from '../support/clock.ts';
import { deferred } from '../support/deferred.ts';
import { CleanUps } from '../support/embedded.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { share } from '../support/shared-cache.ts';

interface Row {
  readonly id: string;
  readonly team?: string;
}

const cleanUps = new CleanUps();
let redis: TestRedis;

beforeEach(async () => {
  redis = await startTestRedis();
  cleanUps.add(() => redis.close());
});
afterEach(() => cleanUps.run());

/** One of several processes over the same Redis. */
async function aProcess(options: Partial<CacheOptions<Row>> = {}, sharing: { pendingMax?: number } = {}) {
  const layer = await share(cleanUps, redis.url, sharing);
  const cache = new Cache<Row>({
    name: 'ROWS',
    ttlMs: 60_000,
    negativeTtlMs: 60_000,
    entriesMax: 100,
    tagsOfKey: (key) => [`row:${key}`],
    tagsOfValue: (row) => (row.team === undefined ? [] : [`team:${row.team}`]),
    clock: new TestClock(),
    generations: layer.generations,
    ...options,
  });
  return { ...layer, cache, registry: new CacheRegistry([cache], layer.generations) };
}

const never = async (): Promise<never> => {
  throw new Error('Nothing was to be loaded.');
};

describe('processes that share a Redis', () => {
  it('share the other values of a load when one cannot be written', async () => {
    const [one, other] = [await aProcess(), await aProcess()];
    const unwritable: Row = JSON.parse('{"id": "a", "__proto__": {"id": "c"}}');
    await one.cache.getMany(
      ['a', 'b'],
      async () =>
        new Map([
          ['a', unwritable],
          ['b', { id: 'b' }],
        ]),
    );

    expect(await other.cache.get('b', never)).toEqual({ id: 'b' });
    expect(await other.cache.get('a', async () => unwritable)).toStrictEqual(unwritable);
    expect(one.cache.statistics().errors).toBe(1);
  });

  it('read what another has loaded, unchanged', async () => {
    const [one, other] = [await aProcess(), await aProcess()];
    const row = { id: 'a', team: 'red', at: new Date(5), count: 2n, missing: undefined };
    await one.cache.get('a', async () => row);

    expect(await other.cache.get('a', never)).toStrictEqual(row);
    expect(Object.isFrozen(await other.cache.get('a', never))).toBe(true);
    expect(other.cache.statistics()).toMatchObject({
      store: 'memory over redis',
      hits: 2,
      misses: 0,
      stores: [
        { store: 'memory', hits: 1 },
        { store: 'redis', hits: 1, errors: 0 },
      ],
    });
  });

  it('read many keys and all their tag versions in one command', async () => {
    const [one, other] = [await aProcess(), await aProcess()];
    const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);
    await one.cache.getMany(keys, async () => new Map(keys.map((key) => [key, { id: key }])));
    await redis.command(['CONFIG', 'RESETSTAT']);
    await other.cache.getMany(keys, never);

    expect(await redis.command(['INFO', 'commandstats'])).toContain('cmdstat_mget:calls=1,');
  });

  it('never read entries of a release with another shape', async () => {
    const [one, other] = [await aProcess({ version: 1 }), await aProcess({ version: 2 })];
    await one.cache.get('a', async () => ({ id: 'old shape' }));

    expect(await other.cache.get('a', async () => ({ id: 'new shape' }))).toEqual({ id: 'new shape' });
  });

  it('confirm nothing while the epoch is unknown', async () => {
    const one = await aProcess();
    one.coherence.epoch = null;
    const { stores } = await one.cache.invalidate('all');

    expect(stores[1]).toMatchObject({ store: 'redis', ok: false });
  });

  it('never read entries from before the epoch was incremented', async () => {
    const [one, other] = [await aProcess(), await aProcess()];
    await one.cache.get('a', async () => ({ id: 'old' }));
    other.coherence.epoch = '2';

    expect(await other.cache.get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
  });

  it('load once for 1,000 readers in each of three processes', async () => {
    const processes = [await aProcess(), await aProcess(), await aProcess()];
    const load = vi.fn(async () => ({ id: 'a' }));
    const reads = processes.flatMap(({ cache }) =>
      Array.from({ length: 1000 }, async () => cache.get('a', load)),
    );

    expect(new Set((await Promise.all(reads)).map((row) => row?.id))).toEqual(new Set(['a']));
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('do not wait long for a load that does not finish', async () => {
    const [one, other] = [await aProcess(), await aProcess()];
    const slow = deferred<Row>();
    const begun = vi.fn(() => slow.promise);
    const first = one.cache.get('a', begun);
    await vi.waitFor(() => expect(begun).toHaveBeenCalled());
    const before = performance.now();

    expect(await other.cache.get('a', async () => ({ id: 'of my own' }))).toEqual({ id: 'of my own' });
    // Before the first process's exclusive right to load would have expired.
    expect(performance.now() - before).toBeLessThan(900);
    slow.resolve({ id: 'late' });
    await first;
  });

  it('store no absences in Redis', async () => {
    const { cache } = await aProcess();
    for (let ghost = 0; ghost < 20; ghost += 1) await cache.get(`ghost ${ghost}`, async () => null);

    expect(await redis.command(['KEYS', '*ROWS:*ghost*'])).toEqual([]);
  });

  it('read nothing from Redis while invalidations may be missed', async () => {
    const trust = { isTrusted: true };
    const [one, other] = [await aProcess(), await aProcess({ trust })];
    await one.cache.get('a', async () => ({ id: 'old' }));
    trust.isTrusted = false;
    await redis.command(['CONFIG', 'RESETSTAT']);

    expect(await other.cache.get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
    expect(await redis.command(['INFO', 'commandstats'])).not.toMatch(/cmdstat_(mget|set|exec):/);
  });
});

describe('an invalidation in one process', () => {
  it.each([[{ tag: 'team:red' }], [{ tag: 'row:a' }], [{ cache: 'ROWS' }], [{ cache: 'ROWS', key: 'a' }]])(
    'stops all others from reading the entry in Redis: %j',
    async (invalidation) => {
      const [one, other] = [await aProcess(), await aProcess()];
      await one.cache.get('a', async () => ({ id: 'old', team: 'red' }));
      one.registry.invalidated([invalidation]);
      expect(await one.generations.confirm()).toBe(true);

      expect(await other.cache.get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
    },
  );

  it('may cover everything', async () => {
    const [one, other] = [await aProcess(), await aProcess()];
    await one.cache.get('a', async () => ({ id: 'old' }));
    one.registry.invalidated([{ everything: true }]);
    await one.generations.confirm();

    expect(await other.cache.get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
  });

  it("clears only the process's memory when notifications may be missed", async () => {
    const { cache, registry, generations } = await aProcess();
    await cache.get('a', async () => ({ id: 'kept' }));
    registry.onGap();
    expect(await generations.confirm()).toBe(true);

    expect(cache.peekMany(['a'])).toBeUndefined();
    expect(await cache.get('a', never)).toEqual({ id: 'kept' });
  });

  it.each([['row:a'], ['team:red']])(
    'is not undone by an earlier load of another process: %s',
    async (tag) => {
      const [one, other, third] = [await aProcess(), await aProcess(), await aProcess()];
      const old = deferred<Row>();
      const load = vi.fn(() => old.promise);
      const early = one.cache.get('a', load);
      await vi.waitFor(() => expect(load).toHaveBeenCalled());
      // The loading process has not received it yet.
      other.registry.invalidated([{ tag }]);
      await other.generations.confirm();
      old.resolve({ id: 'old', team: 'red' });
      await early;

      expect(await third.cache.get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
    },
  );

  it('stops its own process from reading the entry in Redis, however slow Redis is', async () => {
    const [one, other] = [await aProcess(), await aProcess()];
    await one.cache.get('a', async () => ({ id: 'old' }));
    // Immediately, so that the read is sent to Redis before the new generation is.
    other.registry.invalidated([{ tag: 'row:a' }]);

    expect(await other.cache.get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
    expect(await other.cache.get('a', never)).toEqual({ id: 'new' });
  });

  it('becomes "everything" when too many wait for Redis', async () => {
    const [one, other] = [await aProcess({}, { pendingMax: 3 }), await aProcess()];
    await one.cache.get('a', async () => ({ id: 'old' }));
    one.registry.invalidated(['1', '2', '3', '4', '5'].map((tag) => ({ tag })));
    expect(await one.generations.confirm()).toBe(true);

    expect(await other.cache.get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
  });
});
