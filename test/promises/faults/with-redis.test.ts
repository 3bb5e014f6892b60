import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectTruth } from '../../support/expect-truth.ts';
import {
  cutListeners,
  startFaultWorld,
  timeUntil,
  underLoad,
  type FaultWorld,
} from '../../support/fault-world.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { redisFaults, watchUse, whileFlapping } from '../../support/redis-faults.ts';
import type { TruthLoad } from '../../support/truth-load.ts';

let database: TestDatabase;
let world: FaultWorld;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await startFaultWorld(database.url, 'absent');
}, 120_000);
afterAll(async () => {
  await world.stop();
  await database.drop();
});

/** How long until Redis is in use again, while reads go on. */
async function recovery(load: TruthLoad): Promise<number> {
  load.phase('over');
  const recoveryMs = await timeUntil(await watchUse(world));
  await load.readMore(300);
  return recoveryMs;
}

describe('three processes and a Redis', { timeout: 120_000 }, () => {
  it('answer correctly while it is down from the start, and use it soon after it is up', async () => {
    const health = await Promise.all(world.cluster.servers.map((server) => server.health('/readyz')));
    let recoveryMs = 0;
    const report = await underLoad(world, async (load) => {
      load.phase('absent');
      await load.readMore(1000);
      await world.redis.start();
      recoveryMs = await recovery(load);
    });

    expect(health).toEqual([200, 200, 200]);
    expectTruth('absent at start', report, { recoveryMs });
  });

  it('never return less than was acknowledged, over 10,000 reads', async () => {
    const report = await underLoad(world, (load) => load.readMore(10_000));

    expectTruth('Redis', report);
    expect(report.reads).toBeGreaterThanOrEqual(10_000);
  });

  it('never return less while it goes down and up every 300 ms, over 10,000 reads', async () => {
    let recoveryMs = 0;
    const report = await underLoad(world, async (load) => {
      await whileFlapping(world, () => load.readMore(10_000));
      recoveryMs = await recovery(load);
    });

    expectTruth('flapping', report, { recoveryMs });
    expect(report.reads).toBeGreaterThanOrEqual(10_000);
  });

  it('never return less while the notification connections are cut repeatedly', async () => {
    let recoveryMs = 0;
    const report = await underLoad(world, async (load) => {
      await load.readMore(200);
      load.phase('cut');
      for (let cut = 0; cut < 8; cut += 1) {
        await cutListeners(world);
        await wait(200);
      }
      recoveryMs = await recovery(load);
    });

    expectTruth('listeners cut, with Redis', report, { recoveryMs });
  });

  it.each(redisFaults.map((fault) => [fault.name, fault] as const))(
    'never return less while it is %s',
    async (name, { harm, milliseconds }) => {
      let recoveryMs = 0;
      const report = await underLoad(world, async (load) => {
        await load.readMore(200);
        load.phase('at first');
        const opened = setTimeout(() => load.phase('then'), 1000);
        await harm(world, milliseconds);
        clearTimeout(opened);
        recoveryMs = await recovery(load);
      });

      expectTruth(name, report, { recoveryMs });
    },
  );
});
