import { expect, it } from 'vitest';
import { DatabaseCounters } from '../../../src/caching/redis/database-counters.ts';
import { CleanUps } from '../../support/embedded.ts';
import { startTestRedis } from '../../support/redis.ts';
import { share } from '../../support/shared-cache.ts';

const countScript = "return redis.call('incr', KEYS[1])";

it('DatabaseCounters: processes on one database share a counter, others have their own', async () => {
  const cleanUps = new CleanUps();
  const redis = await startTestRedis();
  cleanUps.add(() => redis.close());
  const { store } = await share(cleanUps, redis.url);
  const countersOf = (databaseName: string | null) =>
    new DatabaseCounters({ store, coherence: { databaseName } }).session;
  const count = (databaseName: string) => countersOf(databaseName)?.runScript(countScript, 'tries', []);

  expect([await count('production'), await count('production'), await count('staging')]).toEqual([1, 2, 1]);
  expect(countersOf(null)).toBeNull();
  await cleanUps.run();
});
