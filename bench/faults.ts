import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../src/platform/postgres/embedded/embedded.ts';
import { migrate } from '../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../src/platform/telemetry/logger.ts';
import { startFaultWorld, timeUntil, underLoad, type FaultWorld } from '../test/support/fault-world.ts';
import { redisFaults, watchUse, whileFlapping, type RedisFault } from '../test/support/redis-faults.ts';
import { describeReport, type LoadReport } from '../test/support/truth-load.ts';

/**
 * Measures the cost of Redis failures for readers on three servers beside a writer: the growth of the p99
 * latency once the circuit breaker is open, and the time until Redis is used again. Needs `redis-server`.
 *
 *     npx tsx bench/faults.ts [seconds of each failure]
 */
async function main(milliseconds: number): Promise<number> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'parley-faults-'));
  // PostgreSQL refuses to run as root; its own user needs access to the folder.
  await chmod(dataDirectory, 0o755);
  const logger = createLogger({ level: 'warn' });
  const postgres = await startEmbeddedPostgres({ dataDirectory, logger });
  try {
    await migrate(postgres.url, { logger });
    const world = await startFaultWorld(postgres.url, 'running');
    const isSurvived = await measure(world, milliseconds).finally(() => world.stop());
    return isSurvived ? 0 : 1;
  } finally {
    await postgres.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

/** Prints a report of each failure, and returns whether no request failed and no answer was stale. */
async function measure(world: FaultWorld, milliseconds: number): Promise<boolean> {
  const none: RedisFault = { name: 'no failure', milliseconds, harm: async (_world, ms) => wait(ms) };
  const flapping: RedisFault = {
    name: 'flapping every 300 ms',
    milliseconds,
    harm: (each, ms) => whileFlapping(each, () => wait(ms)),
  };
  let usualMs: number | null = null;
  let isSurvived = true;
  for (const fault of [none, flapping, ...redisFaults]) {
    const { report, recoveryMs } = await endure(world, fault, milliseconds);
    const p99Ms = report.phases.find(({ name }) => name === 'then')?.p99Ms ?? 0;
    usualMs ??= p99Ms;
    isSurvived &&= report.failures.length === 0 && report.stale.length === 0;
    console.log(describeReport(fault.name, report));
    console.log(
      `  ${report.failures.length} failed, ${report.stale.length} stale, p99 ${(p99Ms - usualMs).toFixed(1)} ms above normal, ` +
        `recovered within ${recoveryMs.toFixed(0)} ms`,
    );
  }
  return isSurvived;
}

async function endure(
  world: FaultWorld,
  { harm }: RedisFault,
  milliseconds: number,
): Promise<{ readonly report: LoadReport; readonly recoveryMs: number }> {
  let recoveryMs = 0;
  const report = await underLoad(world, async (load) => {
    await load.readMore(2000);
    load.phase('at first');
    // The circuit breaker is open by then.
    const opened = setTimeout(() => load.phase('then'), 1000);
    await harm(world, milliseconds);
    clearTimeout(opened);
    load.phase('over');
    recoveryMs = await timeUntil(await watchUse(world));
    await load.readMore(2000);
  });
  return { report, recoveryMs };
}

process.exitCode = await main(Number(process.argv[2] ?? 15) * 1000);
