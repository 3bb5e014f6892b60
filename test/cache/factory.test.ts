import { describe, expect, it } from 'vitest';
import { CacheFactory } from '../../src/platform/cache/cache-factory.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';

/** Reads one key of a new cache three times; answers how often it was loaded. */
async function loadsOf(options: { readonly isEnabled: boolean; readonly ttlMs: number }): Promise<number> {
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
  return loads;
}

describe('a cache', () => {
  it.each([
    { isEnabled: true, ttlMs: 60_000, loads: 1 },
    { isEnabled: true, ttlMs: 0, loads: 3 },
    { isEnabled: false, ttlMs: 60_000, loads: 3 },
  ])('of %o', async ({ loads, ...options }) => {
    expect(await loadsOf(options)).toBe(loads);
  });
});
