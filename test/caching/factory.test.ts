import { describe, expect, it } from 'vitest';
import { CacheFactory } from '../../src/caching/cache-factory.ts';
import { systemClock } from '../../src/platform/runtime/clock.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';

/** Reads one key of a new cache three times; answers how often it was loaded, and what the cache says of itself. */
async function readThrice(options: { readonly isEnabled: boolean; readonly ttlMs: number }) {
  const caches = new CacheFactory<'PROFILES'>({
    clock: systemClock,
    logger: createLogger({ level: 'silent' }),
    isEnabled: options.isEnabled,
    isUnavailable: () => false,
  });
  const cache = caches.create<string>('PROFILES', { ttlMs: options.ttlMs, entriesMax: 10 });
  let loads = 0;
  const load = async () => `load ${(loads += 1)}`;
  for (let time = 1; time <= 3; time += 1) {
    const value = await cache.get('key', load);
    expect(value).toBe(`load ${loads}`);
  }
  return { loads, ttlMs: cache.statistics().ttlMs };
}

describe('a cache', () => {
  it.each([
    { isEnabled: true, ttlMs: 60_000, expected: { loads: 1, ttlMs: 60_000 } },
    { isEnabled: true, ttlMs: 0, expected: { loads: 3, ttlMs: 0 } },
    { isEnabled: false, ttlMs: 60_000, expected: { loads: 3, ttlMs: 0 } },
  ])('of %o', async ({ expected, ...options }) => {
    expect(await readThrice(options)).toEqual(expected);
  });
});
