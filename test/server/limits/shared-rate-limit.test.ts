import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RedisStore } from '../../../src/caching/redis/redis-store.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { RateLimiter, type RateLimitKeys } from '../../../src/server/limits/rate-limiter.ts';
import { TestClock } from '../../support/clock.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const keys: RateLimitKeys = { user: 'tenant:user' };
const limits = { user: 100, tenant: 0, address: 0 };

let redis: TestRedis;
const stores: RedisStore[] = [];

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.stop()));
  redis.resume();
});
afterAll(() => redis.close());

/** As another process has it; patient, because the machine may be busy. */
async function aLimiter(namespace: string, timeoutMs = 5000): Promise<RateLimiter> {
  const logger = createLogger({ level: 'silent' });
  const store = new RedisStore({ urls: [redis.url], logger, timeoutMs });
  stores.push(store);
  store.start();
  await vi.waitFor(() => expect(store.session).not.toBeNull(), { timeout: 10_000 });
  return new RateLimiter(limits, new TestClock(), { counters: store, namespace });
}

describe('requests that processes accept', () => {
  it('count for all of them after an exchange', async () => {
    const [one, other] = [await aLimiter('together'), await aLimiter('together')];
    one.charge(keys, 40);
    other.charge(keys, 30);
    await one.exchange();
    await other.exchange();

    expect(other.charge(keys, 10)?.remaining).toBe(20);
    await other.exchange();
    expect(one.charge(keys, 5)?.remaining).toBe(55);
    await one.exchange();
    expect(one.charge(keys, 5)?.remaining).toBe(10);
    expect(() => other.charge(keys, 30)).toThrow('exceeded its rate limit');
  });

  it('count per process while Redis is frozen, and no request waits for it', async () => {
    const limiter = await aLimiter('frozen', 50);
    redis.freeze();
    limiter.charge(keys, 60);
    await limiter.exchange();

    expect(limiter.charge(keys, 40)?.remaining).toBe(0);
    expect(() => limiter.charge(keys, 1)).toThrow('try again in 1 s');
  });
});
