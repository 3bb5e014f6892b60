import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectTruth } from '../../support/expect-truth.ts';
import {
  allAnswerFromMemory,
  cutListeners,
  loadsFor,
  startFaultWorld,
  timeUntil,
  underLoad,
  type FaultWorld,
} from '../../support/fault-world.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let world: FaultWorld;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await startFaultWorld(database.url, 'unknown');
}, 120_000);
afterAll(async () => {
  await world.stop();
  await database.drop();
});

const recovered = () => timeUntil(() => allAnswerFromMemory(database.url, world));

describe('three processes and no Redis', { timeout: 120_000 }, () => {
  it('never return less than was acknowledged, over 10,000 reads', async () => {
    await recovered();
    const report = await underLoad(world, (load) => load.readMore(10_000));

    expectTruth('no Redis', report);
    expect(report.reads).toBeGreaterThanOrEqual(10_000);
  });

  it('never return less while the notification connections are cut repeatedly', async () => {
    const report = await underLoad(world, async (load) => {
      await load.readMore(200);
      load.phase('cut');
      for (let cut = 0; cut < 12; cut += 1) {
        await cutListeners(world);
        await wait(200);
      }
      load.phase('over');
      await load.readMore(300);
    });

    expectTruth('listeners cut', report, { recoveryMs: await recovered() });
  });

  it('never return less while those connections are frozen', async () => {
    const report = await underLoad(world, async (load) => {
      await load.readMore(200);
      load.phase('frozen');
      world.databaseProxy.freeze();
      await wait(3000);
      world.databaseProxy.heal();
      load.phase('over');
      await load.readMore(300);
    });

    expectTruth('listeners frozen', report, { recoveryMs: await recovered() });
  });

  it('never return less when a suspended process resumes', async () => {
    const [sleeper, ...others] = world.cluster.servers;
    if (sleeper === undefined) throw new Error('The cluster has no servers.');
    const report = await underLoad(world, async (load) => {
      await load.readMore(200);
      load.phase('asleep');
      load.writeThrough(others);
      process.kill(sleeper.pid, 'SIGSTOP');
      await wait(3000);
      process.kill(sleeper.pid, 'SIGCONT');
      load.phase('awake');
      await load.readMore(500);
    });

    // A client with a request on the stopped process waits until it continues.
    expectTruth('a process asleep', report, { p99MaxMs: 10_000, recoveryMs: await recovered() });
  });

  it('load once each for a thousand concurrent misses', async () => {
    expect(await loadsFor(1000, database.url, world)).toBe(world.cluster.servers.length);
  });
});
