import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { copyLargeDemo, type BenchDatabase } from './compare/bench-database.ts';
import { checkAnswers } from './compare/check-answers.ts';
import { ensureBuilt, ensurePeers, ownCheckout, runCommand } from './compare/checkout.ts';
import { createTokens, headersFor } from './compare/credentials.ts';
import { findFixtures, type Fixtures } from './compare/fixtures.ts';
import { residentMbOf } from './compare/process-cost.ts';
import { ratioOf, spreadOf } from './compare/report.ts';
import { runRounds, type Measured, type Plan, type Target } from './compare/rounds.ts';
import { mercurius, start, type BenchSetup, type Candidate } from './compare/servers.ts';
import { workloadNames, type WorkloadName } from './compare/workloads.ts';

/**
 * Compares two versions of Parley with each other and with mercurius, in alternating rounds.
 *
 *     npm run bench:versions -- --before DIR [--after DIR] [--quick] [--only W1,W3] [--rounds 5]
 *
 * Both folders are built checkouts; `--after` is this one by default. BENCH_NODE names the Node that all
 * servers run on.
 */
const { values: options } = parseArgs({
  options: {
    before: { type: 'string' },
    after: { type: 'string', default: ownCheckout },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '32' },
  },
});

const scratchDirectory = await mkdtemp(join(tmpdir(), 'parley-versions-'));
const plan: Plan = {
  rounds: options.quick ? 1 : Number(options.rounds),
  seconds: options.quick ? 1 : Number(options.seconds),
  connections: Number(options.connections),
  scratchDirectory,
};
const names = ['before', 'after', mercurius.name] as const;
process.exitCode = await main().finally(() => rm(scratchDirectory, { recursive: true, force: true }));

async function main(): Promise<number> {
  if (options.before === undefined) throw new Error('--before is required: the folder of a built checkout.');
  const [before, after] = [resolve(options.before), resolve(options.after)];
  await ensurePeers();
  for (const checkout of [before, after]) await ensureBuilt(checkout);
  const databases: BenchDatabase[] = [];
  const targets: Target[] = [];
  try {
    // A database each: on a shared one, a write of either version waits until the other one has invalidated
    // its caches, and the older version may refuse the migrations of the newer one.
    for (const name of ['bench_before', 'bench_after', 'bench_peer']) {
      databases.push(await copyLargeDemo(name, before));
    }
    const [forBefore, forAfter, forPeer] = databases;
    if (forBefore === undefined || forAfter === undefined || forPeer === undefined) return 1;
    await runCommand(after, forAfter.url, ['migrate']);
    for (const { client } of databases) await client.query('vacuum analyze');
    const fixtures = await findFixtures(forBefore.client);
    targets.push(await startTarget(versionOf('before', before), forBefore, fixtures));
    targets.push(await startTarget(versionOf('after', after), forAfter, fixtures));
    targets.push(await startTarget(mercurius, forPeer, fixtures));
    return await compare(targets, setupOf(forBefore, fixtures), forBefore);
  } finally {
    await Promise.all(targets.map(({ running }) => running.stop()));
    for (const database of databases) await database.close();
  }
}

/** A version as its own `npm start` runs it. */
function versionOf(name: string, checkout: string): Candidate {
  const manifest = z.object({ scripts: z.object({ start: z.string() }) });
  const { scripts } = manifest.parse(JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')));
  const program = scripts.start.replace(/^node /, '').split(' ');
  return { name, dialect: 'parley', kind: 'parley', workloads: workloadNames, program, checkout };
}

function setupOf({ url }: BenchDatabase, fixtures: Fixtures): BenchSetup {
  const node = process.env['BENCH_NODE'] ?? process.execPath;
  return { node, databaseUrl: url, poolSize: 10, fixtures, logs: scratchDirectory };
}

async function startTarget(
  candidate: Candidate,
  database: BenchDatabase,
  fixtures: Fixtures,
): Promise<Target> {
  const running = await start(candidate, setupOf(database, fixtures));
  if (candidate.checkout === undefined)
    return { running, headersOf: () => ({ 'content-type': 'application/json' }) };
  const tokens = await createTokens(candidate.checkout, database.url);
  return { running, headersOf: (operation) => headersFor(candidate, operation, tokens) };
}

async function compare(
  targets: readonly Target[],
  setup: BenchSetup,
  database: BenchDatabase,
): Promise<number> {
  const only = options.only?.toUpperCase().split(',');
  const workloads = workloadNames.filter((name) => only === undefined || only.includes(name));
  if (!(await checkAnswers(workloads, targets, setup))) return 1;
  const rows = [];
  for (const workload of workloads) {
    console.error(`${workload} …`);
    rows.push(rowOf(workload, await runRounds(workload, targets, setup, database, plan)));
  }
  if (!(await checkAnswers(workloads, targets, setup))) return 1;
  console.table(rows);
  const memory = targets.map(
    ({ running: { candidate, pid } }) => `${candidate.name} ${residentMbOf(pid).toFixed(0)} MB`,
  );
  console.log(`Resident memory after the run: ${memory.join(', ')}`);
  return 0;
}

function rowOf(workload: WorkloadName, measured: readonly Measured[]): Readonly<Record<string, string>> {
  const [before, after, peer] = names.map((name) => measured.find(({ candidate }) => candidate === name));
  if (before === undefined || after === undefined || peer === undefined) return { workload };
  const { median, min, max } = ratioOf(after, before);
  return {
    workload,
    'before, requests/s': perSecond(before),
    'after, requests/s': perSecond(after),
    'mercurius, requests/s': perSecond(peer),
    'before / mercurius': ratioOf(before, peer).median.toFixed(2),
    'after / mercurius': ratioOf(after, peer).median.toFixed(2),
    'after / before': `${median.toFixed(2)} (${min.toFixed(2)}..${max.toFixed(2)})`,
  };
}

function perSecond({ rounds }: Measured): string {
  return spreadOf(rounds.map((round) => round.perSecond)).median.toFixed(0);
}
