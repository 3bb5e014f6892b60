import { expect, it, vi } from 'vitest';
import { Cache } from '../../src/platform/cache/cache.ts';
import { LruStore } from '../../src/platform/cache/lru-store.ts';
import { TestClock } from '../support/clock.ts';
import { RemoteStore } from '../support/remote-store.ts';

interface Row {
  readonly id: string;
}

function aCacheThatCanBreak() {
  const outage = { isOn: false };
  const store = new RemoteStore(async () => {
    if (outage.isOn) throw new Error('connect ECONNREFUSED 10.0.0.1:6379');
  });
  const onStoreError = vi.fn();
  const cache = new Cache<Row>({
    name: 'ROWS',
    version: 1,
    ttlMs: 60_000,
    negativeTtlMs: 60_000,
    entriesMax: 10,
    tagsOf: () => [],
    clock: new TestClock(),
    store,
    onStoreError,
  });
  return { cache, outage, onStoreError };
}

const loadRow = async (key: string): Promise<Row> => ({ id: key });

it('answers by loading while the store is broken, and tells of every failure', async () => {
  const { cache, outage, onStoreError } = aCacheThatCanBreak();
  const load = vi.fn(loadRow);
  await cache.get('a', load);
  outage.isOn = true;

  expect(await cache.get('a', load)).toEqual({ id: 'a' });
  expect(
    await cache.getMany(['a', 'b'], async (keys) => new Map(keys.map((key) => [key, { id: key }]))),
  ).toEqual([{ id: 'a' }, { id: 'b' }]);
  expect(load).toHaveBeenCalledTimes(2);
  // Two failing reads, and two failing writes of what was loaded instead.
  expect(cache.statistics().errors).toBe(4);
  expect(onStoreError).toHaveBeenCalledTimes(4);
  expect(onStoreError).toHaveBeenCalledWith(
    expect.objectContaining({ message: expect.stringMatching(/ECONN/) }),
  );
});

it('makes one load for all readers while the store is broken', async () => {
  const { cache, outage } = aCacheThatCanBreak();
  const load = vi.fn(loadRow);
  outage.isOn = true;
  await Promise.all(Array.from({ length: 100 }, () => cache.get('a', load)));

  expect(load).toHaveBeenCalledTimes(1);
});

it.each([[{ key: 'a' }], ['all' as const]])(
  'says that a removal failed, in words for an administrator, and ignores the old entry all the same: %j',
  async (target) => {
    const { cache, outage } = aCacheThatCanBreak();
    await cache.get('a', async () => ({ id: 'old' }));
    outage.isOn = true;

    expect(await cache.invalidate(target)).toEqual({
      cache: 'ROWS',
      removed: null,
      stores: [
        {
          store: 'remote',
          ok: false,
          message: 'The store did not confirm; this process ignores its old entries.',
        },
      ],
    });
    expect(cache.statistics()).toMatchObject({ errors: 1, invalidations: 1 });
    outage.isOn = false;
    expect(await cache.get('a', async () => ({ id: 'new' }))).toEqual({ id: 'new' });
  },
);

it('uses the store again when it is back', async () => {
  const { cache, outage } = aCacheThatCanBreak();
  const load = vi.fn(loadRow);
  outage.isOn = true;
  await cache.get('a', load);
  outage.isOn = false;
  await cache.get('a', load);
  await cache.get('a', load);

  expect(load).toHaveBeenCalledTimes(2);
});

it('keeps what it was given for as long as the time to live, although Keyv is told when it ends', async () => {
  const store = new LruStore({ entriesMax: 10 });
  const set = vi.spyOn(store, 'setMany');
  const cache = new Cache<Row>({
    name: 'ROWS',
    version: 3,
    ttlMs: 1_000.5,
    negativeTtlMs: 10,
    entriesMax: 10,
    tagsOf: () => [],
    clock: new TestClock(),
    store,
  });
  await cache.get('tenant:1:user:2', loadRow);

  expect(set).toHaveBeenCalledWith([
    expect.objectContaining({ key: 'v3:tenant:1:user:2', ttl: 2_001, value: expect.any(Object) }),
  ]);
  expect(cache.peekMany(['tenant:1:user:2'])).toEqual([{ id: 'tenant:1:user:2' }]);
});
