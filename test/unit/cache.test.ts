import { Cache } from '../../src/platform/cache/cache.ts';
import { describeCacheOn } from '../support/cache-contract.ts';

describeCacheOn('memory', (options) => new Cache(options));
