import { expect, it } from 'vitest';
import { TestClock } from '../clock.ts';
import { aCache, aSlowLoad, aSource, type MakeCache, type Profile } from './subject.ts';

/** The contract of invalidation, including running loads. */
export function itForgets(make: MakeCache): void {
  it.each([[{ key: 'ann' }], [{ tag: 'team:red' }], ['all' as const]])('removes by %j', async (target) => {
    const cache = aCache(make);
    const source = aSource();
    await cache.get('ann', async () => ({ name: 'old', team: 'red' }));
    await cache.invalidate(target);

    expect(await cache.get('ann', source.one)).toEqual({ name: 'ann 1' });
    expect(await cache.get('ann', source.one)).toEqual({ name: 'ann 1' });
  });

  it.each([[{ key: 'bob' }], [{ key: 'team:red' }], [{ tag: 'team:blue' }], [{ tag: 'ann' }]])(
    'keeps entries that do not match %j',
    async (target) => {
      const cache = aCache(make);
      const source = aSource();
      await cache.get('ann', async () => ({ name: 'kept', team: 'red' }));
      await cache.invalidate(target);

      expect(await cache.get('ann', source.one)).toEqual({ name: 'kept', team: 'red' });
    },
  );

  it('removes an absence by its tags', async () => {
    const cache = make<Profile>({
      name: 'PROFILES',
      ttlMs: 60_000,
      negativeTtlMs: 60_000,
      entriesMax: 10,
      tagsOfKey: (key) => [`user:${key}`],
      clock: new TestClock(),
    });
    await cache.get('ann', async () => null);
    await cache.invalidate({ tag: 'user:ann' });

    expect(await cache.get('ann', async () => ({ name: 'Ann' }))).toEqual({ name: 'Ann' });
  });

  it.each([[{ key: 'ann' }], [{ tag: 'team:red' }], ['all' as const]])(
    'is not undone by a load that began before it: %j',
    async (target) => {
      const cache = aCache(make);
      const source = aSource();
      const old = aSlowLoad();
      const early = cache.get('ann', old.load);
      await old.begun;
      await cache.invalidate(target);
      const late = cache.get('ann', source.one);
      old.resolve({ name: 'old', team: 'red' });
      await early;

      expect(await late).toEqual({ name: 'ann 1' });
      expect(await cache.get('ann', source.one)).toEqual({ name: 'ann 1' });
    },
  );

  it('loads once for all later readers', async () => {
    const cache = aCache(make);
    const source = aSource();
    const old = aSlowLoad();
    const early = cache.get('ann', old.load);
    await old.begun;
    await cache.invalidate({ tag: 'team:red' });
    const late = Promise.all([
      cache.get('ann', source.one),
      cache.getMany(['ann', 'bob'], source.many),
      cache.get('ann', source.one),
    ]);
    old.resolve({ name: 'old', team: 'red' });

    expect(await early).toEqual({ name: 'old', team: 'red' });
    const [first, [second], third] = await late;
    expect(first).toMatchObject({ name: expect.stringMatching(/^ann/) });
    expect([second, third]).toEqual([first, first]);
    expect(source.one.mock.calls.length + source.many.mock.calls.length).toBe(2);
  });

  it('lets new readers join a load despite an unrelated invalidation', async () => {
    const cache = aCache(make);
    const source = aSource();
    const slow = aSlowLoad();
    const early = cache.get('ann', slow.load);
    await slow.begun;
    await cache.invalidate({ tag: 'team:blue' });
    const late = cache.get('ann', source.one);
    slow.resolve({ name: 'Ann', team: 'red' });

    expect(await early).toEqual(await late);
    expect(source.one).not.toHaveBeenCalled();
  });

  it('keeps the newer value when an overtaken load ends later', async () => {
    const cache = aCache(make);
    const source = aSource();
    const old = aSlowLoad();
    const early = cache.get('ann', old.load);
    await old.begun;
    await cache.invalidate({ key: 'ann' });
    expect(await cache.get('ann', source.one)).toEqual({ name: 'ann 1' });
    old.resolve({ name: 'old' });
    await early;

    expect(await cache.get('ann', source.one)).toEqual({ name: 'ann 1' });
    expect(source.one).toHaveBeenCalledTimes(1);
  });
}
