import { expect, it, vi } from 'vitest';
import { TestClock } from '../clock.ts';
import { aCache, aSource, type MakeCache } from './subject.ts';

/** The contract of reads: kept entries, their lifetime, and loads of missing entries. */
export function itRemembers(make: MakeCache): void {
  it('loads a key once', async () => {
    const cache = aCache(make);
    const source = aSource();

    expect(await cache.get('ann', source.one)).toEqual({ name: 'ann 1' });
    expect(await cache.get('ann', source.one)).toEqual({ name: 'ann 1' });
    expect(source.one).toHaveBeenCalledTimes(1);
    expect(source.one).toHaveBeenCalledWith('ann');
  });

  it('loads only the missing keys, and returns values in the order of the keys', async () => {
    const cache = aCache(make);
    const source = aSource();
    await cache.getMany(['ann', 'bob'], source.many);

    expect(await cache.getMany(['cid', 'bob', 'dan', 'ann', 'cid'], source.many)).toEqual([
      { name: 'cid 2' },
      { name: 'bob 1' },
      { name: 'dan 2' },
      { name: 'ann 1' },
      { name: 'cid 2' },
    ]);
    expect(source.many.mock.calls).toEqual([[['ann', 'bob']], [['cid', 'dan']]]);
  });

  it('loads nothing for no keys', async () => {
    const source = aSource();
    expect(await aCache(make).getMany([], source.many)).toEqual([]);
    expect(source.many).not.toHaveBeenCalled();
  });

  it('drops a value at the end of its ttl, and not before', async () => {
    const clock = new TestClock();
    const cache = aCache(make, clock);
    const source = aSource();
    await cache.get('ann', source.one);

    clock.advance(59_999);
    expect(await cache.get('ann', source.one)).toEqual({ name: 'ann 1' });
    clock.advance(1);
    expect(await cache.get('ann', source.one)).toEqual({ name: 'ann 2' });
  });

  it.each([
    [0, 54_000],
    [0.999_999_9, 66_000],
  ])('stretches the time to live by up to a tenth: %d gives %d ms', async (random, expectedMs) => {
    const clock = new TestClock();
    const cache = aCache(make, clock, () => random);
    const source = aSource();
    await cache.get('ann', source.one);

    clock.advance(expectedMs - 10);
    expect(await cache.get('ann', source.one)).toEqual({ name: 'ann 1' });
    clock.advance(10);
    expect(await cache.get('ann', source.one)).toEqual({ name: 'ann 2' });
  });

  it('counts the ttl from the beginning of the load', async () => {
    const clock = new TestClock();
    const cache = aCache(make, clock);
    const source = aSource();
    await cache.get('ann', async () => {
      clock.advance(59_000);
      return { name: 'slow' };
    });

    clock.advance(999);
    expect(await cache.get('ann', source.one)).toEqual({ name: 'slow' });
    clock.advance(1);
    expect(await cache.get('ann', source.one)).toEqual({ name: 'ann 1' });
  });

  it('stores an absence, for a shorter time', async () => {
    const clock = new TestClock();
    const cache = aCache(make, clock);
    const load = vi.fn(async () => null);
    expect(await cache.get('ghost', load)).toBeNull();

    clock.advance(9_999);
    expect(await cache.get('ghost', load)).toBeNull();
    expect(load).toHaveBeenCalledTimes(1);
    clock.advance(1);
    await cache.get('ghost', load);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('stores an absence for keys that a load of many did not return', async () => {
    const cache = aCache(make);
    const load = vi.fn(async () => new Map([['ann', { name: 'Ann' }]]));

    expect(await cache.getMany(['ghost', 'ann'], load)).toEqual([null, { name: 'Ann' }]);
    expect(await cache.getMany(['ghost'], load)).toEqual([null]);
    expect(load).toHaveBeenCalledTimes(1);
  });
}
