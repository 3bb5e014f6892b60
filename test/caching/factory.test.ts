import { describe, expect, it } from 'vitest';
import { CacheFactory } from '../../src/caching/cache-factory.ts';
import type { CacheDeclaration } from '../../src/caching/cache-declaration.ts';
import { systemClock } from '../../src/platform/runtime/clock.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';

const names: CacheDeclaration<string> = {
  name: 'NAMES',
  ttl: { variable: 'NAMES_CACHE_TTL', seconds: 60 },
  entriesMax: 10,
  tables: {},
};

/** Reads one key of a new cache three times; answers the number of loads and the reported time to live. */
async function readThrice(options: { readonly isEnabled: boolean; readonly ttlMs: number }) {
  const caches = new CacheFactory({
    clock: systemClock,
    logger: createLogger({ level: 'silent' }),
    isEnabled: options.isEnabled,
    isUnavailable: () => false,
    lastValueMs: 3_600_000,
    accessGraceMs: 15_000,
    ttlMsOf: () => options.ttlMs,
  });
  const cache = caches.create(names);
  let loads = 0;
  const load = async () => `load ${(loads += 1)}`;
  for (let time = 1; time <= 3; time += 1) {
    const value = await cache.get('key', load);
    expect(value).toBe(`load ${loads}`);
  }
  return { loads, ttlMs: cache.statistics().ttlMs };
}

describe('a declared cache', () => {
  it.each([
    { isEnabled: true, ttlMs: 60_000, expected: { loads: 1, ttlMs: 60_000 } },
    { isEnabled: true, ttlMs: 0, expected: { loads: 3, ttlMs: 0 } },
    { isEnabled: false, ttlMs: 60_000, expected: { loads: 3, ttlMs: 0 } },
  ])('of $isEnabled and $ttlMs ms loads as often as expected', async ({ expected, ...options }) => {
    expect(await readThrice(options)).toEqual(expected);
  });
});
