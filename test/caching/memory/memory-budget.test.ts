import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Cache } from '../../../src/caching/cache.ts';
import { MemoryBudget } from '../../../src/caching/memory/memory-budget.ts';
import { TestClock } from '../../support/clock.ts';

function aCache(budget: MemoryBudget, name = 'ROWS') {
  return new Cache<unknown>({
    name,
    ttlMs: 60_000,
    negativeTtlMs: 60_000,
    entriesMax: 10_000,
    tagsOfKey: (key) => [`user:${key.slice(4)}`, `tenant:${key.slice(4)}`],
    clock: new TestClock(),
    budget,
  });
}

async function fill(cache: Cache<unknown>, count: number, make: (index: number) => unknown) {
  for (let index = 0; index < count; index += 1) {
    await cache.get(`key:${index}:${'k'.repeat(40)}`, async () => make(index));
  }
}

function liveBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  for (let times = 0; times < 3; times += 1) collect();
  return process.memoryUsage().heapUsed;
}

/** As a driver or JSON.parse makes a value: nothing is shared with other values. */
function parsed(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const smallRow = (index: number) => ({ id: `id-${index}`, isActive: true, rank: index, at: new Date(index) });
const preferencesOf = (index: number) =>
  Object.fromEntries(
    Array.from({ length: 400 }, (_, at) => [`setting-${index}-${at}`, { value: `text ${at}`, on: true }]),
  );

describe('the estimate of an entry in memory', () => {
  it.each<[string, number, (index: number) => unknown]>([
    ['absences', 5000, () => null],
    ['small rows', 5000, smallRow],
    [
      '16 kB of JSON with the same keys',
      300,
      (index) => parsed(Array(160).fill({ ...smallRow(index), text: 'abcdefgh' })),
    ],
    ['16 kB of JSON with own keys', 50, (index) => parsed(preferencesOf(index))],
    [
      'long ASCII texts',
      500,
      (index) => ({ text: Buffer.alloc(20_000, `text ${index}`).toString('latin1') }),
    ],
    [
      'long non-ASCII texts',
      500,
      (index) => ({ text: Buffer.alloc(30_000, `日本語${index % 9}`).toString('utf8') }),
    ],
    ['arrays of numbers', 500, (index) => Array.from({ length: 1000 }, (_, at) => index + at / 7)],
    ['arrays of short texts', 500, (index) => Array.from({ length: 500 }, (_, at) => `${index}-${at}`)],
  ])('is between live heap and three times live heap: %s', async (_shape, count, make) => {
    await fill(aCache(new MemoryBudget(1e9)), count, make);
    const budget = new MemoryBudget(1e9);
    const cache = aCache(budget);
    const before = liveBytes();
    await fill(cache, count, make);
    const live = liveBytes() - before;

    expect(cache.statistics().entries).toBe(count);
    expect(budget.bytes).toBeGreaterThan(live);
    expect(budget.bytes).toBeLessThan(3 * live);
  });
});

describe('the memory that caches share', () => {
  const text = 'x'.repeat(1000);

  it('exceeds its bound by no entry: the least recently used entries of the largest cache are evicted', async () => {
    const budget = new MemoryBudget(100_000);
    const [large, small] = [aCache(budget, 'LARGE'), aCache(budget, 'SMALL')];
    await fill(small, 5, (index) => ({ text, index }));
    await fill(large, 100, (index) => ({ text, index }));

    expect(budget.bytes).toBeLessThanOrEqual(100_000);
    expect(budget.bytes).toBeGreaterThan(90_000);
    expect(small.statistics()).toMatchObject({ entries: 5, evictions: 0 });
    expect(large.statistics().entries + large.statistics().evictions).toBe(100);
    expect(large.peekMany([`key:0:${'k'.repeat(40)}`])).toBeUndefined();
    expect(large.peekMany([`key:99:${'k'.repeat(40)}`])).toEqual([{ text, index: 99 }]);
  });

  it('is not spent on a single entry that would take more than an eighth: it is loaded each time', async () => {
    const budget = new MemoryBudget(100_000);
    const cache = aCache(budget);
    await fill(cache, 3, () => ({ text }));
    const before = budget.bytes;

    expect(await cache.get('huge', async () => ({ text: text.repeat(10) }))).not.toBeNull();
    expect(cache.peekMany(['huge'])).toBeUndefined();
    expect(budget.bytes).toBe(before);
  });

  it('is free again after entries are replaced, invalidated or removed', async () => {
    const budget = new MemoryBudget(1e6);
    const cache = aCache(budget);
    await cache.get('a', async () => ({ text }));
    const one = budget.bytes;
    await cache.invalidate({ key: 'a' });
    expect(budget.bytes).toBe(0);
    await cache.get('a', async () => ({ text }));
    expect(budget.bytes).toBe(one);
    await cache.invalidate('all');

    expect(budget.bytes).toBe(0);
  });
});
