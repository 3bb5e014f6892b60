import { describe, expect, it, vi } from 'vitest';
import { Cache } from '../../src/caching/cache.ts';
import { TestClock } from '../support/clock.ts';
import { deferred, settled } from '../support/deferred.ts';

interface Row {
  readonly id: string;
  readonly team?: string;
}

function aCache(options: { entriesMax?: number; clock?: TestClock; invalidationsMax?: number } = {}) {
  return new Cache<Row>({
    name: 'ROWS',
    ttlMs: 60_000,
    negativeTtlMs: 60_000,
    entriesMax: 100,
    tagsOfValue: (row) => (row.team === undefined ? [] : [`team:${row.team}`]),
    clock: new TestClock(),
    random: () => 0.5,
    ...options,
  });
}

const loadRow = async (key: string): Promise<Row> => ({ id: key });
const loadRows = async (keys: readonly string[]) => new Map(keys.map((key) => [key, { id: key }]));

describe('memory', () => {
  it('answers get and peekMany synchronously for fresh entries and absences, counted as hits', async () => {
    const cache = aCache();
    await cache.getMany(['a'], loadRows);
    await cache.get('ghost', async () => null);

    expect([cache.get('a', loadRow), cache.get('ghost', loadRow)]).toEqual([{ id: 'a' }, null]);
    expect([cache.peekMany(['a']), cache.peekMany(['a', 'b'])]).toEqual([[{ id: 'a' }], undefined]);
    expect(cache.statistics()).toMatchObject({ hits: 3, misses: 2 });
  });

  it('answers nothing for an invalidated entry', async () => {
    const cache = aCache();
    await cache.get('a', loadRow);
    cache.invalidateLocally({ key: 'a' });

    expect(cache.peekMany(['a'])).toBeUndefined();
  });
});

describe('peekMany', () => {
  it('returns synchronously when memory has every key', async () => {
    const cache = aCache();
    await cache.getMany(['a', 'b'], loadRows);
    await cache.get('ghost', async () => null);

    expect(cache.peekMany(['b', 'ghost', 'a', 'b'])).toEqual([{ id: 'b' }, null, { id: 'a' }, { id: 'b' }]);
    expect(cache.statistics()).toMatchObject({ hits: 4, misses: 3 });
  });

  it('returns and counts nothing when one key is missing', async () => {
    const cache = aCache();
    await cache.getMany(['a', 'b'], loadRows);

    expect(cache.peekMany(['a', 'b', 'c'])).toBeUndefined();
    expect(cache.statistics()).toMatchObject({ hits: 0, misses: 2, coalesced: 0 });
  });

  it('returns nothing for expired and invalidated entries', async () => {
    const clock = new TestClock();
    const cache = aCache({ clock });
    await cache.getMany(['a', 'b'], loadRows);
    void cache.invalidate({ key: 'a' });
    expect(cache.peekMany(['a'])).toBeUndefined();

    expect(cache.peekMany(['b'])).toEqual([{ id: 'b' }]);
    clock.advance(60_000);
    expect(cache.peekMany(['b'])).toBeUndefined();
  });
});

describe('getMany', () => {
  it("does not wait for other readers' loads where memory has the answer", async () => {
    const cache = aCache();
    const slow = deferred<Map<string, Row>>();
    await cache.get('a', loadRow);
    const waiting = cache.getMany(['a', 'b'], () => slow.promise);
    await settled();

    expect(await cache.getMany(['a', 'c'], loadRows)).toEqual([{ id: 'a' }, { id: 'c' }]);
    slow.resolve(new Map());
    expect(await waiting).toEqual([{ id: 'a' }, null]);
  });
});

describe('the bound on memory', () => {
  it('evicts the least recently used entry, and counts it', async () => {
    const cache = aCache({ entriesMax: 2 });
    await cache.get('a', loadRow);
    await cache.get('b', loadRow);
    cache.peekMany(['a']);
    await cache.get('c', loadRow);

    expect(cache.peekMany(['a', 'c'])).toEqual([{ id: 'a' }, { id: 'c' }]);
    expect(cache.peekMany(['b'])).toBeUndefined();
    expect(cache.statistics()).toMatchObject({ entries: 2, entriesMax: 2, evictions: 1 });
  });

  it('does not count replacement and removal as evictions', async () => {
    const clock = new TestClock();
    const cache = aCache({ clock });
    await cache.get('a', loadRow);
    clock.advance(60_000);
    await cache.get('a', loadRow);
    await cache.invalidate({ key: 'a' });
    await cache.get('b', loadRow);
    await cache.invalidate('all');

    expect(cache.statistics()).toMatchObject({ entries: 0, evictions: 0 });
  });

  it('also limits the remembered invalidations, at the cost of needless loads only', async () => {
    const cache = aCache({ invalidationsMax: 2 });
    const late = deferred<Row>();
    await cache.get('kept', async () => ({ id: 'kept', team: 'red' }));
    await cache.get('gone', async () => ({ id: 'gone', team: 'blue' }));
    const early = cache.get('slow', () => late.promise);
    await settled();
    await cache.invalidate({ tag: 'team:blue' });
    await cache.invalidate({ tag: 'team:green' });
    expect(cache.peekMany(['kept'])).toEqual([{ id: 'kept', team: 'red' }]);
    await cache.invalidate({ tag: 'team:white' });
    late.resolve({ id: 'slow', team: 'blue' });
    await early;

    expect(cache.peekMany(['gone'])).toBeUndefined();
    expect(cache.peekMany(['slow'])).toBeUndefined();
    // Found valid after the invalidation that was forgotten, so it need not be loaded again.
    expect(cache.peekMany(['kept'])).toEqual([{ id: 'kept', team: 'red' }]);
  });
});

describe('sharing by reference', () => {
  it('gives every reader the same frozen value', async () => {
    const cache = aCache();
    const row = await cache.get('a', loadRow);

    expect(await cache.get('a', loadRow)).toBe(row);
    expect(cache.peekMany(['a'])?.[0]).toBe(row);
    expect(() => Object.assign(row ?? {}, { id: 'changed' })).toThrow(TypeError);
  });

  it('rejects a value that cannot be frozen', async () => {
    const cache = new Cache<Map<string, string>>({
      name: 'MAPS',
      ttlMs: 1,
      negativeTtlMs: 1,
      entriesMax: 1,
      clock: new TestClock(),
    });
    await expect(cache.get('a', async () => new Map())).rejects.toThrow('A Map cannot be frozen');
  });
});

describe('invalidation reports', () => {
  it.each([
    [{ key: 'a' }, 1, 1],
    [{ key: 'ghost' }, 0, 0],
    [{ tag: 'team:red' }, 2, null],
    ['all' as const, 3, 3],
  ])('%j: a dry run counts %d live entries, the report says %s', async (target, counted, reported) => {
    const cache = aCache();
    const load = async (keys: readonly string[]) =>
      new Map(keys.map((key) => [key, { id: key, team: key === 'c' ? 'blue' : 'red' }]));
    await cache.getMany(['a', 'b', 'c', 'd'], load);
    await cache.invalidate({ key: 'd' });

    expect(cache.count(target)).toBe(counted);
    expect(await cache.invalidate(target)).toEqual({
      cache: 'ROWS',
      removed: reported,
      stores: [{ store: 'memory', ok: true, message: null }],
    });
    expect(cache.count(target)).toBe(0);
  });

  it('counts neither expired nor invalidated entries as live', async () => {
    const clock = new TestClock();
    const cache = aCache({ clock });
    await cache.get('a', async () => ({ id: 'a', team: 'red' }));
    await cache.get('b', loadRow);
    await cache.invalidate({ tag: 'team:red' });
    expect(cache.count('all')).toBe(1);

    clock.advance(60_000);
    expect(cache.count('all')).toBe(0);
    expect(cache.statistics()).toMatchObject({ entries: 2, invalidations: 1 });
  });

  it('takes effect before its promise is awaited', async () => {
    const cache = aCache();
    const load = vi.fn(loadRow);
    await cache.get('a', load);
    void cache.invalidate({ key: 'a' });
    await cache.get('a', load);

    expect(load).toHaveBeenCalledTimes(2);
  });
});

describe('options that Keyv would interpret differently', () => {
  it.each([
    ['ttlMs', 0],
    ['ttlMs', Number.NaN],
    ['ttlMs', -1],
    ['ttlMs', Number.POSITIVE_INFINITY],
    ['negativeTtlMs', 0],
    ['entriesMax', 0],
  ])('%s %d is refused', (option, value) => {
    const options = { name: 'ROWS', ttlMs: 1, negativeTtlMs: 1, entriesMax: 1 };
    expect(() => new Cache({ ...options, clock: new TestClock(), [option]: value })).toThrow(
      `The cache ROWS needs a positive ${option}; it was given ${value}.`,
    );
  });
});
