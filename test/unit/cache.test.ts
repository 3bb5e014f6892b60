import { LruStore } from '../../src/platform/cache/lru-store.ts';
import { describeCacheOn } from '../support/cache-contract.ts';
import { RemoteStore } from '../support/remote-store.ts';

describeCacheOn('memory', () => new LruStore({ entriesMax: 1_000 }));
describeCacheOn('a remote store', () => new RemoteStore());
