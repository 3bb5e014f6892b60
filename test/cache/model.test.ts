import { Cache } from '../../src/platform/cache/cache.ts';
import { modelCacheOn } from '../support/cache-model.ts';

modelCacheOn('memory', (options) => new Cache(options), 300);
