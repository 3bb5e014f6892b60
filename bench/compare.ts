import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { copyLargeDemo, type BenchDatabase } from './compare/bench-database.ts';
import { drawChart } from './compare/chart.ts';
import { ensureBuilt, ensurePeers, ownCheckout } from './compare/checkout.ts';
import { createTokens, headersFor } from './compare/credentials.ts';
import { checkAnswers } from './compare/check-answers.ts';
import { findFixtures, type Fixtures } from './compare/fixtures.ts';
import { generator } from './compare/load.ts';
import { hasPgbench } from './compare/pgbench.ts';
import { describeMachine, render, type Report } from './compare/report.ts';
import {
  countStatements,
  memoryOf,
  runRounds,
  type Target,
  type Measured,
  type Plan,
} from './compare/rounds.ts';
import {
  candidates,
  start,
  type Candidate,
  type BenchSetup,
  type RunningCandidate,
} from './compare/servers.ts';
import { workloadNames, workloadTitles, type WorkloadName } from './compare/workloads.ts';

/**
 * Compares Parley with alternatives: the same data, equivalent queries and the same machine, in alternating
 * rounds.
 *
 *     npm ci --prefix bench
 *     npm run bench -- [--check] [--quick] [--only W1,W3] [--servers Parley,mercurius]
 *
 * BENCH_NODE names the Node binary of all servers; the current one by default.
 */
const bench = import.meta.dirname;
const poolSize = 10;

const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    servers: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '32' },
  },
});

const node = process.env['BENCH_NODE'] ?? process.execPath;
const nodeVersion = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
const scratchDirectory = await mkdtemp(join(tmpdir(), 'parley-bench-'));
const plan: Plan = {
  rounds: options.quick ? 1 : Number(options.rounds),
  seconds: options.quick ? 1 : Number(options.seconds),
  connections: Number(options.connections),
  scratchDirectory,
};
process.exitCode = await main().finally(() => rm(scratchDirectory, { recursive: true, force: true }));

async function main(): Promise<number> {
  const chosen = chooseCandidates();
  await ensureBuilt(ownCheckout);
  await ensurePeers();
  const database = await copyLargeDemo('bench_run');
  const running: RunningCandidate[] = [];
  try {
    await database.client.query(readFileSync(join(bench, 'peers/postgraphile.sql'), 'utf8'));
    await database.client.query('vacuum analyze');
    const found = await findFixtures(database.client);
    let setup: BenchSetup = {
      node,
      databaseUrl: database.url,
      poolSize,
      fixtures: found,
      logs: scratchDirectory,
    };
    for (const candidate of chosen) {
      if (candidate.program === null) running.push(pgbenchAsServer(candidate));
      else running.push(await start(candidate, setup));
    }
    setup = { ...setup, fixtures: await withCursors(found, running) };
    const targets = await authenticate(running, database.url);
    const isEqual = await checkAnswers(chosenWorkloads(), targets, setup);
    if (!isEqual) return 1;
    if (options.check) return 0;
    await compare(targets, setup, database);
    return 0;
  } finally {
    await Promise.all(running.map((each) => each.stop()));
    await database.close();
  }
}

function chooseCandidates(): readonly Candidate[] {
  const wanted = options.servers?.toLowerCase().split(',');
  const nodeMajor = Number(nodeVersion.split('.')[0]);
  return candidates.filter(({ name, nodeMin = 0, program }) => {
    if (wanted !== undefined && !wanted.some((part) => name.toLowerCase().startsWith(part))) return false;
    if (nodeMin > nodeMajor) {
      console.log(
        `SKIPPED: ${name} needs Node ${nodeMin}, but this is ${nodeVersion}; set BENCH_NODE to another one.`,
      );
      return false;
    }
    if (program === null && !hasPgbench) {
      console.log('SKIPPED: pgbench is not installed (Debian: postgresql-contrib).');
      return false;
    }
    return true;
  });
}

function pgbenchAsServer(candidate: Candidate): RunningCandidate {
  return { candidate, url: '', pid: 0, child: null, stop: async () => {} };
}

/** Reads PostGraphile's cursors, whose format is internal. */
async function withCursors(fixtures: Fixtures, running: readonly RunningCandidate[]): Promise<Fixtures> {
  const server = running.find(({ candidate }) => candidate.dialect === 'postgraphile');
  if (server === undefined) return fixtures;
  const cursors = fixtures.deepPositions.map(async (position) => {
    const query = `{ conversation(tenantId: "${fixtures.tenantId}", rowId: "${fixtures.longConversation}") {
      messages(first: 1, offset: ${position - 1}, orderBy: POSITION_ASC) { edges { cursor } } } }`;
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const cursor = /"cursor":"([^"]+)"/.exec(await response.text())?.[1];
    if (cursor === undefined) throw new Error('PostGraphile returned no cursor.');
    return cursor;
  });
  return { ...fixtures, postgraphileCursors: await Promise.all(cursors) };
}

/** Adds the headers that the clients of each server send. */
async function authenticate(running: readonly RunningCandidate[], url: string): Promise<Target[]> {
  const tokens = await createTokens(ownCheckout, url);
  return running.map((each) => ({
    running: each,
    headersOf: (operation) => headersFor(each.candidate, operation, tokens),
  }));
}

function chosenWorkloads(): readonly WorkloadName[] {
  const wanted = options.only?.toUpperCase().split(',');
  return workloadNames.filter((name) => wanted === undefined || wanted.includes(name));
}

async function compare(
  targets: readonly Target[],
  setup: BenchSetup,
  database: BenchDatabase,
): Promise<void> {
  const workloads: Partial<Record<WorkloadName, readonly Measured[]>> = {};
  for (const workload of chosenWorkloads()) {
    console.error(`${workload}: ${workloadTitles[workload]} …`);
    const participants = targets.filter(({ running }) => running.candidate.workloads.includes(workload));
    const measured = await runRounds(workload, participants, setup, database, plan);
    workloads[workload] = await addStatements(workload, measured, participants, setup, database);
  }
  const isEqual = await checkAnswers(chosenWorkloads(), targets, setup);
  if (!isEqual) throw new Error('The answers differ after the rounds.');
  const report: Report = {
    date: new Date().toISOString(),
    machine: describeMachine(),
    versions: await versions(database),
    plan: { ...plan, generator },
    memoryMb: Object.fromEntries(memoryOf(targets)),
    workloads,
  };
  console.log(render(report));
  save(report);
}

async function addStatements(
  workload: WorkloadName,
  measured: readonly Measured[],
  targets: readonly Target[],
  setup: BenchSetup,
  database: BenchDatabase,
): Promise<readonly Measured[]> {
  const complete = [];
  for (const each of measured) {
    const target = targets.find(({ running }) => running.candidate.name === each.candidate);
    const isServer = target !== undefined && target.running.candidate.program !== null;
    const counted = isServer ? await countStatements(workload, target, setup, database) : {};
    complete.push({ ...each, ...counted });
  }
  return complete;
}

async function versions({ client }: BenchDatabase): Promise<Record<string, string>> {
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  const packages = [
    'postgraphile',
    'mercurius',
    'graphql-yoga',
    '@pothos/plugin-prisma',
    '@apollo/server',
    '@prisma/client',
  ];
  const installed = packages.map((name) => {
    const { version } = JSON.parse(readFileSync(join(bench, 'node_modules', name, 'package.json'), 'utf8'));
    return [name, version];
  });
  return { Node: nodeVersion, PostgreSQL: rows[0]?.server_version ?? '', ...Object.fromEntries(installed) };
}

/** Saves the report of a full run; partial runs are not comparable. */
function save(report: Report): void {
  if (options.quick || options.only !== undefined || options.servers !== undefined) return;
  const folder = join(bench, 'results');
  mkdirSync(folder, { recursive: true });
  const name = `${report.date.slice(0, 10)}-${hostname()}`;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(join(folder, 'tables.md'), `${render(report)}\n`);
  writeFileSync(join(folder, 'chart.svg'), drawChart(report));
}
