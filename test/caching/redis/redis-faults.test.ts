import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cache } from '../../../src/caching/cache.ts';
import { StoreUnavailable } from '../../../src/caching/key-value-store.ts';
import { TestClock } from '../../support/clock.ts';
import { CleanUps } from '../../support/embedded.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { share, startSharing, untilUnused, untilUsed, type SharedLayer } from '../../support/shared-cache.ts';

interface Row {
  readonly id: string;
}

/** Long enough for a machine that is busy with other tests. */
const timeoutMs = 250;
const cleanUps = new CleanUps();
let redis: TestRedis;

beforeEach(async () => {
  redis = await startTestRedis();
  cleanUps.add(() => redis.close());
});
afterEach(() => cleanUps.run());

function aCache(layer: SharedLayer, onStoreError = vi.fn()) {
  const options = { name: 'ROWS', ttlMs: 60_000, negativeTtlMs: 60_000, entriesMax: 100 };
  return new Cache<Row>({
    ...options,
    clock: new TestClock(),
    generations: layer.generations,
    onStoreError,
  });
}

const load = async (key: string): Promise<Row> => ({ id: key });

/** Whether another process finds what this one stores. */
async function isShared(layer: SharedLayer, key: string): Promise<boolean> {
  await aCache(layer).get(key, load);
  const found = vi.fn(load);
  await aCache(layer).get(key, found);
  return found.mock.calls.length === 0;
}

describe('a server that replaces another', () => {
  it('restores no entry that was invalidated in between', async () => {
    const other = await startTestRedis();
    cleanUps.add(() => other.close());
    const proxy = await startTcpProxy(cleanUps, redis.url);
    const layer = await share(cleanUps, proxy.url, { timeoutMs });
    const untilOn = async (server: TestRedis) => {
      const [, incarnation] = /run_id:(\w+)/.exec(String(await server.command(['INFO']))) ?? [];
      await vi.waitFor(() => expect(layer.store.session?.incarnation).toBe(incarnation), {
        timeout: 10_000,
        interval: 5,
      });
    };
    await aCache(layer).get('a', load);
    proxy.redirect(other.url);
    await untilOn(other);
    layer.generations.invalidate([{ cache: 'ROWS', key: 'a' }]);
    expect(await layer.generations.confirm()).toBe(true);
    proxy.redirect(redis.url);
    await untilOn(redis);
    const late = vi.fn(load);
    await aCache(layer).get('a', late);

    expect(late).toHaveBeenCalledTimes(1);
  });
});

describe('Redis', () => {
  it('may be down at startup, and is used once it is up', async () => {
    await redis.stop();
    const layer = startSharing(cleanUps, redis.url, { timeoutMs });
    expect(await aCache(layer).get('a', load)).toEqual({ id: 'a' });

    await redis.start();
    await untilUsed(layer);
    expect(await isShared(layer, 'b')).toBe(true);
  });

  it('may go down and come back', async () => {
    const layer = await share(cleanUps, redis.url, { timeoutMs });
    await redis.stop();
    await untilUnused(layer);
    expect(await aCache(layer).get('a', load)).toEqual({ id: 'a' });

    await redis.start();
    await untilUsed(layer);
    expect(await isShared(layer, 'b')).toBe(true);
  });

  it('may freeze: a few readers wait briefly, then none until it responds', async () => {
    const layer = await share(cleanUps, redis.url, { timeoutMs });
    const onStoreError = vi.fn();
    const cache = aCache(layer, onStoreError);
    redis.freeze();
    for (let key = 0; key < 3; key += 1) expect(await cache.get(`${key}`, load)).toEqual({ id: `${key}` });
    expect(onStoreError).toHaveBeenCalledWith(
      expect.objectContaining({ message: `Redis did not answer within ${timeoutMs} ms.` }),
    );
    expect(layer.store.session).toBeNull();

    const before = performance.now();
    for (let key = 3; key < 100; key += 1) await cache.get(`${key}`, load);
    expect(performance.now() - before).toBeLessThan(timeoutMs);
    expect(cache.statistics().stores[1]).toMatchObject({ store: 'redis', errors: 3 });

    redis.resume();
    await untilUsed(layer);
    expect(await isShared(layer, 'b')).toBe(true);
  });

  it('may be frozen until the connection has to be reopened', async () => {
    const layer = await share(cleanUps, redis.url, { timeoutMs: 50 });
    redis.freeze();
    await aCache(layer).getMany(['a'], async (keys) => new Map(keys.map((key) => [key, { id: key }])));
    for (let key = 0; key < 3; key += 1) await aCache(layer).get(`${key}`, load);
    await untilUnused(layer);
    // Stops without closing the clients' connections, as far as the clients can see.
    await redis.stop();
    await redis.start();

    await untilUsed(layer);
  });

  it('may lose all data', async () => {
    const layer = await share(cleanUps, redis.url, { timeoutMs });
    const late = vi.fn(load);
    await aCache(layer).get('a', load);
    await redis.command(['FLUSHALL']);

    expect(await aCache(layer).get('a', late)).toEqual({ id: 'a' });
    expect(late).toHaveBeenCalledTimes(1);
    expect(await isShared(layer, 'a')).toBe(true);
  });

  it('may lose a tag version, which invalidates its entries', async () => {
    const layer = await share(cleanUps, redis.url, { timeoutMs });
    const late = vi.fn(load);
    await aCache(layer).get('a', load);
    const [generation] = [await redis.command(['KEYS', '*generation:cache:ROWS'])].flat();
    await redis.command(['DEL', String(generation)]);
    await aCache(layer).get('a', late);

    expect(late).toHaveBeenCalledTimes(1);
  });

  it('may be full', async () => {
    const layer = await share(cleanUps, redis.url, { timeoutMs });
    await redis.command(['CONFIG', 'SET', 'maxmemory', '1']);
    const cache = aCache(layer);
    for (let key = 0; key < 10; key += 1) expect(await cache.get(`${key}`, load)).toEqual({ id: `${key}` });
    layer.generations.invalidate([{ tag: 'user:1' }]);
    expect(await layer.generations.confirm()).toBe(false);
    expect(layer.store.session).not.toBeNull();

    await redis.command(['CONFIG', 'SET', 'maxmemory', '0']);
    await vi.waitFor(async () => expect(await layer.generations.confirm()).toBe(true));
    expect(await isShared(layer, 'b')).toBe(true);
  });

  it('may start from an old snapshot, of which nothing is read', async () => {
    const layer = await share(cleanUps, redis.url, { timeoutMs });
    await aCache(layer).get('a', async () => ({ id: 'old' }));
    await redis.command(['SAVE']);
    layer.generations.invalidate([{ cache: 'ROWS' }]);
    expect(await layer.generations.confirm()).toBe(true);
    await redis.stop();
    await untilUnused(layer);
    await redis.start();
    await untilUsed(layer);

    expect(await redis.command(['KEYS', '*ROWS:v*:a'])).toHaveLength(1);
    expect(await aCache(layer).get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
  });

  it('is not used while it is a replica', async () => {
    const master = await startTestRedis();
    cleanUps.add(() => master.close());
    await redis.command(['REPLICAOF', '127.0.0.1', new URL(master.url).port]);
    const layer = startSharing(cleanUps, redis.url, { timeoutMs });
    await aCache(layer).get('a', load);
    await vi.waitFor(async () => expect(await redis.command(['CLIENT', 'LIST'])).toContain('cmd=info'));
    expect(layer.store.session).toBeNull();

    await redis.command(['REPLICAOF', 'NO', 'ONE']);
    await untilUsed(layer);
  });
});

describe('an invalidation while Redis was down', () => {
  it('is not confirmed before Redis has it, and Redis is not read for its tag until then', async () => {
    const layer = await share(cleanUps, redis.url, { timeoutMs });
    const cache = aCache(layer);
    await cache.get('a', async () => ({ id: 'old' }));
    redis.freeze();
    layer.generations.invalidate([{ cache: 'ROWS' }]);
    expect(await layer.generations.confirm()).toBe(false);

    redis.resume();
    expect(await aCache(layer).get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
    await vi.waitFor(async () => expect(await layer.generations.confirm()).toBe(true));
    const other = await share(cleanUps, redis.url, { timeoutMs });
    expect(await aCache(other).get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
  });

  it('is reported as a failure of Redis', async () => {
    const layer = await share(cleanUps, redis.url, { timeoutMs });
    const cache = aCache(layer);
    await redis.stop();

    expect(await cache.invalidate('all')).toMatchObject({
      stores: [
        { store: 'memory', ok: true },
        {
          store: 'redis',
          ok: false,
          message: 'Redis did not confirm; until it does, it is not read for these entries.',
        },
      ],
    });
    await redis.start();
    await vi.waitFor(async () => expect(await layer.generations.confirm()).toBe(true), { timeout: 5000 });
  });
});

it('Redis session: ends with its connection, also for its holders', async () => {
  const layer = await share(cleanUps, redis.url, { timeoutMs });
  const { session } = layer.store;
  await redis.stop();
  await untilUnused(layer);
  await redis.start();
  await untilUsed(layer);

  await expect(session?.getMany(['a'])).rejects.toThrow(StoreUnavailable);
  expect(layer.store.session?.incarnation).not.toBe(session?.incarnation);
});
