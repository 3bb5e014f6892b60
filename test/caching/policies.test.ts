import { describe, expect, it, vi } from 'vitest';
import type { CacheOptions } from '../../src/caching/cache-options.ts';
import { Cache } from '../../src/caching/cache.ts';
import { Unavailable } from '../../src/platform/errors.ts';
import { TestClock } from '../support/clock.ts';
import { deferred, settled } from '../support/deferred.ts';

interface Row {
  readonly id: string;
}

/** Fresh for 60 s, old for 10 s more; the last value for an hour. */
function aCache(options: Partial<CacheOptions<Row>> = {}) {
  const clock = new TestClock();
  const cache = new Cache<Row>({
    name: 'ROWS',
    ttlMs: 60_000,
    negativeTtlMs: 2_000,
    staleMs: 10_000,
    lastValueMs: 3_600_000,
    entriesMax: 100,
    clock,
    random: () => 0.5,
    tagsOfKey: (key) => [`row:${key}`],
    isUnavailable: (error) => error instanceof Unavailable,
    ...options,
  });
  return { cache, clock };
}

const away = async (): Promise<never> => {
  throw new Unavailable();
};

describe('a stale value', () => {
  it('is returned while one background load refreshes it', async () => {
    const { cache, clock } = aCache();
    const renewal = deferred<Row>();
    const load = vi.fn(() => renewal.promise);
    await cache.get('a', async () => ({ id: 'old' }));
    clock.advance(60_000);

    expect(await Promise.all([cache.get('a', load), cache.get('a', load)])).toEqual([
      { id: 'old' },
      { id: 'old' },
    ]);
    renewal.resolve({ id: 'new' });
    await settled();
    expect(await cache.get('a', load)).toEqual({ id: 'new' });
    expect(load).toHaveBeenCalledTimes(1);
    expect(cache.statistics()).toMatchObject({ hits: 3, misses: 1, staleServed: 2, hitRate: 0.75 });
  });

  it('is not returned after its stale window', async () => {
    const { cache, clock } = aCache();
    await cache.get('a', async () => ({ id: 'old' }));
    clock.advance(70_000);

    expect(await cache.get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
  });

  it('is not returned after an invalidation, nor restored by an earlier refresh', async () => {
    const { cache, clock } = aCache();
    const renewal = deferred<Row>();
    await cache.get('a', async () => ({ id: 'old' }));
    clock.advance(60_000);
    await cache.get('a', () => renewal.promise);
    cache.invalidateLocally({ tag: 'row:a' });
    const late = cache.get('a', async () => ({ id: 'new' }));
    renewal.resolve({ id: 'old again' });

    expect(await late).toEqual({ id: 'new' });
    expect(await cache.get('a', async () => ({ id: 'newer' }))).toEqual({ id: 'new' });
  });

  it('is still returned when its refresh fails, which is reported and retried', async () => {
    const onError = vi.fn();
    const { cache, clock } = aCache({ onError });
    const failing = vi.fn(async () => {
      throw new Error('a defect');
    });
    await cache.get('a', async () => ({ id: 'old' }));
    clock.advance(60_000);
    await cache.get('a', failing);
    await settled();
    await cache.get('a', failing);
    await settled();
    expect(failing).toHaveBeenCalledTimes(1);
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: 'a defect' }));
    expect(cache.statistics()).toMatchObject({ errors: 1, staleServed: 2 });

    clock.advance(250);
    await cache.get('a', failing);
    await settled();
    expect(failing).toHaveBeenCalledTimes(2);
  });
});

describe('while the source is down', () => {
  it('returns the last value, counts it, and reports it once', async () => {
    const onLastValues = vi.fn();
    const { cache, clock } = aCache({ onLastValues });
    await cache.getMany(
      ['a', 'b'],
      async () =>
        new Map([
          ['a', { id: 'a' }],
          ['b', { id: 'b' }],
        ]),
    );
    clock.advance(80_000);

    expect(await cache.getMany(['a', 'b'], away)).toEqual([{ id: 'a' }, { id: 'b' }]);
    expect(await cache.get('a', away)).toEqual({ id: 'a' });
    expect(cache.statistics()).toMatchObject({ staleServed: 3 });
    expect(onLastValues).toHaveBeenCalledTimes(1);
  });

  it('makes readers wait for one failure, and detects the recovery with one load', async () => {
    const { cache, clock } = aCache();
    const hanging = deferred<Row>();
    const load = vi.fn(() => hanging.promise);
    await cache.get('a', async () => ({ id: 'old' }));
    clock.advance(80_000);
    await cache.get('a', away);
    expect(await cache.get('a', load)).toEqual({ id: 'old' });
    expect(load).not.toHaveBeenCalled();

    clock.advance(250);
    expect(await cache.get('a', load)).toEqual({ id: 'old' });
    clock.advance(5_000);
    expect(await cache.get('a', load)).toEqual({ id: 'old' });
    expect(load).toHaveBeenCalledTimes(1);

    hanging.resolve({ id: 'new' });
    await settled();
    expect(await cache.get('a', load)).toEqual({ id: 'new' });
  });

  it.each<[string, (cache: Cache<Row>, clock: TestClock) => void]>([
    ['has ended', (cache) => cache.invalidateLocally({ key: 'a' })],
    ['is too old', (_cache, clock) => clock.advance(3_600_000)],
  ])('the last value is not answered when it %s', async (_name, change) => {
    const { cache, clock } = aCache();
    await cache.get('a', async () => ({ id: 'old' }));
    clock.advance(80_000);
    change(cache, clock);

    await expect(cache.get('a', away)).rejects.toThrow(Unavailable);
  });

  it('does not treat an absence as a last value', async () => {
    const { cache, clock } = aCache();
    await cache.get('ghost', async () => null);
    clock.advance(2_000);

    await expect(cache.get('ghost', away)).rejects.toThrow(Unavailable);
  });

  it('fails readers when the load fails for another reason', async () => {
    const { cache, clock } = aCache();
    await cache.get('a', async () => ({ id: 'old' }));
    clock.advance(80_000);

    await expect(cache.get('a', () => Promise.reject(new Error('a defect')))).rejects.toThrow('a defect');
  });
});

describe('while invalidations may be missed', () => {
  it('returns nothing from memory', async () => {
    const trust = { isTrusted: true };
    const { cache } = aCache({ trust });
    await cache.get('a', async () => ({ id: 'old' }));
    trust.isTrusted = false;

    expect(cache.peekMany(['a'])).toBeUndefined();
    expect(await cache.get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
    trust.isTrusted = true;
    expect(cache.peekMany(['a'])).toEqual([{ id: 'new' }]);
  });

  it('shares no load that began before a reader, and one load among later readers', async () => {
    const { cache } = aCache({ trust: { isTrusted: false } });
    const early = deferred<Row>();
    const late = vi.fn(async () => ({ id: 'late' }));
    const first = cache.get('a', () => early.promise);
    await settled();
    const others = Promise.all(Array.from({ length: 100 }, async () => cache.get('a', late)));
    await settled();
    expect(late).not.toHaveBeenCalled();
    early.resolve({ id: 'early' });

    expect(await first).toEqual({ id: 'early' });
    expect(new Set(await others)).toEqual(new Set([{ id: 'late' }]));
    expect(late).toHaveBeenCalledTimes(1);
  });

  it('still returns the last value when the source is down', async () => {
    const trust = { isTrusted: true };
    const { cache } = aCache({ trust });
    await cache.get('a', async () => ({ id: 'old' }));
    trust.isTrusted = false;

    expect(await cache.get('a', away)).toEqual({ id: 'old' });
    cache.invalidateLocally('all');
    await expect(cache.get('a', away)).rejects.toThrow(Unavailable);
  });

  it('refreshes the last value in the background, without waiting readers while that fails', async () => {
    const trust = { isTrusted: true, isCutOff: true };
    const onLastValues = vi.fn();
    const { cache, clock } = aCache({ trust, onLastValues });
    await cache.get('a', async () => ({ id: 'old' }));
    trust.isTrusted = false;
    await cache.get('a', away);
    clock.advance(500);
    const hanging = deferred<Row>();
    expect(await cache.get('a', () => hanging.promise)).toEqual({ id: 'old' });
    clock.advance(10_000);
    expect(await cache.get('a', away)).toEqual({ id: 'old' });
    hanging.reject(new Unavailable());
    await settled();
    clock.advance(10_000);
    await cache.get('a', away);

    expect(onLastValues).toHaveBeenCalledTimes(1);
    expect(cache.statistics()).toMatchObject({ staleServed: 4 });
  });

  it('loads again after a failed load, unless the source is known to be down', async () => {
    const trust = { isTrusted: true, isCutOff: false };
    const { cache } = aCache({ trust });
    await cache.get('a', async () => ({ id: 'old' }));
    await cache.get('b', async () => ({ id: 'old' }));
    trust.isTrusted = false;
    await cache.get('b', away);

    expect(await cache.get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
    await cache.get('b', away);
    trust.isCutOff = true;
    expect(await cache.get('b', async () => ({ id: 'not waited for' }))).toEqual({ id: 'old' });
  });
});

it('policies: absent keys evict each other and no value', async () => {
  const { cache } = aCache({ entriesMax: 10, absencesMax: 3 });
  await cache.get('a', async () => ({ id: 'a' }));
  for (let ghost = 0; ghost < 50; ghost += 1) await cache.get(`ghost ${ghost}`, async () => null);

  expect(cache.peekMany(['a', 'ghost 49'])).toEqual([{ id: 'a' }, null]);
  expect(cache.peekMany(['ghost 0'])).toBeUndefined();
  expect(cache.statistics()).toMatchObject({ entries: 4, evictions: 47 });
});

it('policies: a value replaces its absence', async () => {
  const { cache } = aCache();
  await cache.get('a', async () => null);
  cache.invalidateLocally({ key: 'a' });
  await cache.get('a', async () => ({ id: 'a' }));

  expect(cache.peekMany(['a'])).toEqual([{ id: 'a' }]);
  expect(cache.statistics()).toMatchObject({ entries: 1 });
});

it('policies: a disabled cache stores nothing and counts every miss', async () => {
  const { cache } = aCache({ isEnabled: false });
  const load = vi.fn(async (keys: readonly string[]) => new Map(keys.map((key) => [key, { id: key }])));
  expect(await cache.get('a', async () => ({ id: 'a' }))).toEqual({ id: 'a' });
  expect(await cache.getMany(['a', 'b', 'a'], load)).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'a' }]);
  expect(await cache.getMany([], load)).toEqual([]);

  expect(cache.peekMany(['a'])).toBeUndefined();
  expect(load.mock.calls).toEqual([[['a', 'b']]]);
  expect(cache.statistics()).toMatchObject({ entries: 0, hits: 0, misses: 3, coalesced: 1, hitRate: 0 });
});
