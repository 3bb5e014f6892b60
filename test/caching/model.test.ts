import { expect, it } from 'vitest';
import { Cache } from '../../src/caching/cache.ts';
import { modelCacheOn } from '../support/cache-model.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { SharedCacheModel } from '../support/shared-cache-model.ts';

modelCacheOn('memory', (options) => new Cache(options), 300);

it('cache: never returns a value replaced before the read, with three processes on one store', async () => {
  const runs = 120;
  const seen = { answers: 0, sharedHits: 0, acknowledged: 0 };
  for (let seed = 1; seed <= runs; seed += 1) {
    const model = new SharedCacheModel(seededRandom(seed));
    for (let step = 0; step < 400; step += 1) await model.step();
    await model.finish();
    for (const name of ['answers', 'sharedHits', 'acknowledged'] as const) seen[name] += model.seen[name];
  }
  // A model in which nothing is shared, or nothing is ever acknowledged, would always pass.
  expect(seen.answers).toBeGreaterThan(runs * 40);
  expect(seen.sharedHits).toBeGreaterThan(runs);
  expect(seen.acknowledged).toBeGreaterThan(runs * 5);
});
