import { afterAll, beforeAll } from 'vitest';
import { Cache } from '../../src/caching/cache.ts';
import { describeCacheOn } from '../support/cache-contract.ts';
import { CleanUps } from '../support/embedded.ts';
import { startTestRedis } from '../support/redis.ts';
import { share, type SharedLayer } from '../support/shared-cache.ts';

const cleanUps = new CleanUps();
let layer: SharedLayer;

beforeAll(async () => {
  const redis = await startTestRedis();
  cleanUps.add(() => redis.close());
  layer = await share(cleanUps, redis.url);
});
afterAll(() => cleanUps.run());

let caches = 0;
/** Each cache finds nothing of the others in Redis, because it has a name of its own there. */
const ofItsOwn = <Options extends { name: string }>(options: Options) => ({
  ...options,
  name: `${options.name} ${(caches += 1)}`,
  generations: layer.generations,
});

describeCacheOn('memory', (options) => new Cache(options));
describeCacheOn('Redis', (options) => new Cache({ ...ofItsOwn(options), isInMemory: false }));
describeCacheOn('memory over Redis', (options) => new Cache(ofItsOwn(options)));
