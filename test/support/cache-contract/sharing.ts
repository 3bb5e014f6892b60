import { expect, it, vi } from 'vitest';
import { aCache, aSlowLoad, aSource, type MakeCache } from './subject.ts';

/** The contract of single flight: one load for concurrent reads of a key. */
export function itSharesLoads(make: MakeCache): void {
  it('loads once for 1,000 concurrent readers', async () => {
    const cache = aCache(make);
    const source = aSource();
    const values = await Promise.all(Array.from({ length: 1_000 }, async () => cache.get('ann', source.one)));

    expect(source.one).toHaveBeenCalledTimes(1);
    expect(new Set(values.map((value) => value?.name))).toEqual(new Set(['ann 1']));
    expect(cache.statistics()).toMatchObject({ hits: 0, misses: 1, coalesced: 999 });
  });

  it('shares the load of a key between readers of one and readers of many', async () => {
    const cache = aCache(make);
    const source = aSource();
    const [ann, both, bob, overlapping] = await Promise.all([
      cache.get('ann', source.one),
      cache.getMany(['ann', 'bob'], source.many),
      cache.get('bob', source.one),
      cache.getMany(['bob', 'cid', 'ann'], source.many),
    ]);

    expect(source.one.mock.calls).toEqual([['ann']]);
    expect(source.many.mock.calls).toEqual([[['bob']], [['cid']]]);
    expect(both).toEqual([ann, bob]);
    expect(overlapping).toMatchObject([bob, { name: expect.stringMatching(/^cid/) }, ann]);
  });

  it('fails all waiting readers of a failed load, and loads again for the next', async () => {
    const cache = aCache(make);
    const source = aSource();
    const failing = vi.fn(async () => {
      throw new Error('the database is away');
    });
    const outcomes = await Promise.allSettled([
      cache.get('ann', failing),
      cache.get('ann', failing),
      cache.getMany(['ann', 'bob'], source.many),
    ]);

    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(failing).toHaveBeenCalledTimes(1);
    expect(await cache.get('ann', source.one)).toMatchObject({ name: expect.stringMatching(/^ann/) });
  });

  it("keeps what other loads brought when one load of a reader's keys fails", async () => {
    const cache = aCache(make);
    const source = aSource();
    const ofAnn = aSlowLoad();
    const first = cache.get('ann', ofAnn.load);
    await ofAnn.begun;
    const both = cache.getMany(['ann', 'bob'], source.many);
    ofAnn.reject(new Error('the database is away'));

    await expect(first).rejects.toThrow('the database is away');
    await expect(both).rejects.toThrow('the database is away');
    expect(await cache.get('bob', source.one)).toEqual({ name: 'bob 1' });
    expect(source.one).not.toHaveBeenCalled();
  });

  it('counts every requested key once', async () => {
    const cache = aCache(make);
    const source = aSource();
    await cache.getMany(['ann', 'bob', 'ann'], source.many);
    await cache.getMany(['ann', 'cid'], source.many);
    await cache.getMany(['ann', 'bob', 'cid'], source.many);

    expect(cache.statistics()).toMatchObject({ hits: 4, misses: 3, coalesced: 1, errors: 0 });
  });

  it('keeps a load that new readers can join when an overtaken one completes', async () => {
    const cache = aCache(make);
    const source = aSource();
    const [old, recent] = [aSlowLoad(), aSlowLoad()];
    const first = cache.get('ann', old.load);
    await old.begun;
    await cache.invalidate({ key: 'ann' });
    const second = cache.get('ann', recent.load);
    old.resolve({ name: 'old' });
    await first;
    const third = cache.get('ann', source.one);
    recent.resolve({ name: 'recent' });

    expect(await Promise.all([second, third])).toEqual([{ name: 'recent' }, { name: 'recent' }]);
    expect(source.one).not.toHaveBeenCalled();
  });
}
