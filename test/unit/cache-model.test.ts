import { LruStore } from '../../src/platform/cache/lru-store.ts';
import { modelCacheOn } from '../support/cache-model.ts';
import { RemoteStore } from '../support/remote-store.ts';

modelCacheOn('memory', () => new LruStore({ entriesMax: 4 }), 300);
modelCacheOn('a remote store', (delay) => new RemoteStore(delay), 300);
modelCacheOn(
  'a remote store that fails now and then',
  (delay, random) =>
    new RemoteStore(async () => {
      await delay();
      if (random.below(10) === 0) throw new Error('the store is away');
    }),
  200,
);
