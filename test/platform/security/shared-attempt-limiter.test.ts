import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RedisStore } from '../../../src/caching/redis/redis-store.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { SharedAttemptLimiter } from '../../../src/platform/security/shared-attempt-limiter.ts';
import { TestClock } from '../../support/clock.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const windowMs = 60_000;
const triesMax = 3;
const limits = [{ name: 'all', triesMax }];

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

/** As another process would have it; patient, because the machine may be busy. */
async function aLimiter(keyPrefix: string, timeoutMs = 5000): Promise<SharedAttemptLimiter> {
  const logger = createLogger({ level: 'silent' });
  const store = new RedisStore({ urls: [redis.url], logger, timeoutMs });
  stores.push(store);
  store.start();
  await vi.waitFor(() => expect(store.session).not.toBeNull(), { timeout: 10_000 });
  return new SharedAttemptLimiter({
    windowMs,
    clock: new TestClock(),
    limitsMax: 10,
    counters: store,
    keyPrefix,
  });
}

describe('attempts counted by all processes together', () => {
  it('are limited together, with the time until the next', async () => {
    const [one, other] = [await aLimiter('together:'), await aLimiter('together:')];

    expect([await one.take('a', limits), await other.take('a', limits), await one.take('a', limits)]).toEqual(
      [null, null, null],
    );
    const waitMs = await other.take('a', limits);
    expect(waitMs).toBeGreaterThan(windowMs / triesMax - 10_000);
    expect(waitMs).toBeLessThanOrEqual(windowMs / triesMax);
    expect(await other.take('b', limits)).toBeNull();
    expect(await redis.command(['PTTL', 'together:a'])).toBeLessThanOrEqual(windowMs);
  });

  it('are reset and given back for all', async () => {
    const [one, other] = [await aLimiter('back:'), await aLimiter('back:')];
    await one.take('a', limits);
    await one.take('a', limits);
    await other.take('a', limits);
    await one.giveBack('a', limits);
    expect(await other.take('a', limits)).toBeNull();
    expect(await other.take('a', limits)).not.toBeNull();

    await one.forget('a');
    expect(await one.take('a', limits)).toBeNull();
    expect(await redis.command(['HLEN', 'back:a'])).toBe(1);
    expect(await other.take('a', [{ name: 'other', triesMax: 1 }])).toBeNull();
    await other.forget('a', 'other');
    expect(await redis.command(['HKEYS', 'back:a'])).toEqual(['all']);
  });

  it('cannot be given back before the first', async () => {
    const limiter = await aLimiter('none:');
    await limiter.giveBack('a', limits);

    expect(await redis.command(['EXISTS', 'none:a'])).toBe(0);
  });

  it('are counted per process while Redis is frozen, and rejected for no other reason', async () => {
    const limiter = await aLimiter('frozen:', 50);
    redis.freeze();
    const startedAt = performance.now();
    const answers = [];
    for (let time = 0; time < triesMax + 1; time += 1) answers.push(await limiter.take('a', limits));

    expect(answers).toEqual([null, null, null, windowMs / triesMax]);
    // Three tries wait for Redis 50 ms each, at the most; the machine may be busy.
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('are counted per process without Redis', async () => {
    const store = new RedisStore({
      urls: ['redis://127.0.0.1:1'],
      logger: createLogger({ level: 'silent' }),
    });
    stores.push(store);
    const options = { windowMs, clock: new TestClock(), limitsMax: 10, keyPrefix: 'x:' };
    const one = [{ name: 'all', triesMax: 1 }];
    const limiter = new SharedAttemptLimiter({ ...options, counters: store });

    expect([await limiter.take('a', one), await limiter.take('a', one)]).toEqual([null, windowMs]);
    await limiter.forget('a');
    expect(await limiter.take('a', one)).toBeNull();
  });
});
