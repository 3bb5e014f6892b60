import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CacheRegistry } from '../../../src/caching/cache-registry.ts';
import { Cache } from '../../../src/caching/cache.ts';
import { Generations } from '../../../src/caching/shared/generations.ts';
import { RedisStore } from '../../../src/caching/redis/redis-store.ts';
import { systemClock } from '../../../src/platform/runtime/clock.ts';
import { PostgresCoherence } from '../../../src/caching/coherence/postgres-coherence.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { joinCoherence, untilTrusted } from '../../support/coherence.ts';
import { CleanUps } from '../../support/embedded.ts';
import { createTestDatabase, execute } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { untilUsed } from '../../support/shared-cache.ts';

const cleanUps = new CleanUps();
let redis: TestRedis;
let url: string;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.close());
beforeEach(async () => {
  const database = await createTestDatabase();
  url = database.url;
  cleanUps.add(() => database.drop());
});
afterEach(() => cleanUps.run());

/** A process with one cache in memory over Redis; `load` is its database. */
async function startProcess(namespace = url) {
  const logger = createLogger({ level: 'silent' });
  const coherence = new PostgresCoherence({ url, logger });
  const store = new RedisStore({ urls: [redis.url], timeoutMs: 1000, logger });
  const generations = new Generations({ store, namespace, coherence, onError: () => {} });
  const cache = new Cache<string>({
    name: 'PROFILES',
    ttlMs: 60_000,
    negativeTtlMs: 1000,
    entriesMax: 10,
    tagsOfKey: (key) => [`user:${key}`],
    clock: systemClock,
    trust: coherence,
    generations,
  });
  coherence.subscribe(new CacheRegistry([cache], generations));
  coherence.share(generations);
  store.start();
  coherence.start();
  const stop = async () => {
    await coherence.stop();
    generations.stop();
    await store.stop();
  };
  cleanUps.add(stop);
  await Promise.all([untilTrusted(coherence), untilUsed({ store })]);
  const load = vi.fn(async (key: string) => `${key} as loaded`);
  return { coherence, load, stop, read: (key: string) => cache.get(key, load) };
}

describe('an entry that a process stored in a shared store', () => {
  it('is read by a later process when the first confirms it', async () => {
    const first = await startProcess();
    await first.read('ann');
    const second = await startProcess();

    expect(await second.read('ann')).toBe('ann as loaded');
    expect(second.load).not.toHaveBeenCalled();
  });

  it('is not read by a later process when no member is left', async () => {
    const first = await startProcess();
    await first.read('ann');
    await first.stop();
    await execute(url, `select announce_invalidations(array['tag:user:ann'])`);
    const second = await startProcess();
    await second.read('ann');

    expect(second.load).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['has no store', async () => void (await joinCoherence(cleanUps, url))],
    ['has its entries elsewhere in the store', async () => void (await startProcess('elsewhere'))],
  ])('is not read on the word of one that %s', async (_what, startOther) => {
    const first = await startProcess();
    await first.read('ann');
    await startOther();
    await first.stop();
    await execute(url, `select announce_invalidations(array['tag:user:ann'])`);
    const second = await startProcess();
    await second.read('ann');

    expect(second.load).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['by its name', `select announce_invalidations(array['tag:user:ann'])`],
    ['by too many names to tell', 'truncate models cascade'],
  ])('is read by nobody once it was announced that it ended, %s', async (_how, statement) => {
    const [first, second] = [await startProcess(), await startProcess()];
    await first.read('ann');
    await execute(url, statement);
    await first.coherence.waitForInvalidation();
    await second.read('ann');

    expect(second.load).toHaveBeenCalledTimes(1);
  });
});
