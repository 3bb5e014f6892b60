import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../src/app/config/config.ts';
import { createApp } from '../src/app/app.ts';
import { beginSession } from '../src/cli/token.ts';
import { openPlatform } from '../src/app/open-platform.ts';
import { copyLargeDemo, type BenchDatabase } from './compare/bench-database.ts';
import { drawChart } from './compare/chart.ts';
import { checkAnswers } from './compare/check-answers.ts';
import { findFixtures, type Fixtures } from './compare/fixtures.ts';
import { generator } from './compare/load.ts';
import { hasPgbench } from './compare/pgbench.ts';
import { describeMachine, render, type Report } from './compare/report.ts';
import {
  countStatements,
  memoryOf,
  runRound,
  type Entrant,
  type Measured,
  type Plan,
} from './compare/rounds.ts';
import { contestants, start, type Contestant, type Ground, type Running } from './compare/servers.ts';
import { workloadTitles, type WorkloadName } from './compare/workloads.ts';

/**
 * Parley beside what people would pick instead: the same data, the same questions, the same machine, in turn.
 *
 *     npm ci --prefix bench && npm run bench -- [--check] [--quick] [--only W1,W3] [--servers Parley,mercurius]
 *
 * BENCH_NODE names the Node that all servers run on; the running one when absent.
 */
const root = join(import.meta.dirname, '..');
const bench = join(root, 'bench');
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
const workshop = await mkdtemp(join(tmpdir(), 'parley-bench-'));
const plan: Plan = {
  rounds: options.quick ? 1 : Number(options.rounds),
  seconds: options.quick ? 1 : Number(options.seconds),
  connections: Number(options.connections),
  workshop,
};
process.exitCode = await main().finally(() => rm(workshop, { recursive: true, force: true }));

async function main(): Promise<number> {
  const chosen = chooseContestants();
  prepare();
  const database = await copyLargeDemo('bench_run');
  const running: Running[] = [];
  try {
    await database.client.query(readFileSync(join(bench, 'peers/postgraphile.sql'), 'utf8'));
    await database.client.query('vacuum analyze');
    const found = await findFixtures(database.client);
    let ground: Ground = { node, databaseUrl: database.url, poolSize, fixtures: found, logs: workshop };
    for (const contestant of chosen) {
      if (contestant.program === null) running.push(pgbenchAsServer(contestant));
      else running.push(await start(contestant, ground));
    }
    ground = { ...ground, fixtures: await withCursors(found, running) };
    const entrants = await introduce(running, database.url);
    const isEqual = await checkAnswers(workloadNames(), entrants, ground);
    if (!isEqual) return 1;
    if (options.check) return 0;
    await compare(entrants, ground, database);
    return 0;
  } finally {
    await Promise.all(running.map((each) => each.stop()));
    await database.close();
  }
}

function chooseContestants(): readonly Contestant[] {
  const wanted = options.servers?.toLowerCase().split(',');
  const nodeMajor = Number(nodeVersion.split('.')[0]);
  return contestants.filter(({ name, nodeMin = 0, program }) => {
    if (wanted !== undefined && !wanted.some((part) => name.toLowerCase().startsWith(part))) return false;
    if (nodeMin > nodeMajor) {
      console.log(
        `SKIPPED: ${name} needs Node ${nodeMin}, and this is ${nodeVersion}; BENCH_NODE can name another.`,
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

/** Parley as it is shipped, and the client that the peers on Prisma use. */
function prepare(): void {
  if (!existsSync(join(bench, 'node_modules/mercurius'))) {
    throw new Error('The peers are not installed: npm ci --prefix bench');
  }
  const built = spawnSync('npm', ['run', 'build'], { cwd: root, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`Parley cannot be built: ${built.stdout}${built.stderr}`);
  if (existsSync(join(bench, 'peers/generated'))) return;
  const generated = spawnSync('npx', ['prisma', 'generate'], { cwd: bench, encoding: 'utf8' });
  if (generated.status !== 0) throw new Error(`Prisma's client cannot be made: ${generated.stderr}`);
}

function pgbenchAsServer(contestant: Contestant): Running {
  return { contestant, url: '', pid: 0, stop: async () => {} };
}

/** Places in a list have a name that only PostGraphile itself knows. */
async function withCursors(fixtures: Fixtures, running: readonly Running[]): Promise<Fixtures> {
  const server = running.find(({ contestant }) => contestant.dialect === 'postgraphile');
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
    if (cursor === undefined) throw new Error('PostGraphile does not name a place in the list.');
    return cursor;
  });
  return { ...fixtures, postgraphileCursors: await Promise.all(cursors) };
}

/** Gives everybody what their clients send; for Parley that is a session each. */
async function introduce(running: readonly Running[], url: string): Promise<Entrant[]> {
  const platform = await openPlatform(readConfig({ DATABASE_URL: url, LOG_LEVEL: 'warn' }));
  const app = createApp({ ...platform, config: readConfig({ DATABASE_URL: url }) });
  const tokenOf = (user: string) => beginSession(app, { user, tenantSlug: null, device: 'a benchmark' });
  const tokens = {
    owner: await tokenOf('ada@acme.example'),
    member: await tokenOf('grace@acme.example'),
    writer: await tokenOf('stellan@borealis.example'),
  };
  await platform.close();
  const json = { 'content-type': 'application/json' };
  return running.map((each) => ({
    running: each,
    headersOf: ({ workload }) => {
      if (each.contestant.kind !== 'parley') return json;
      const { role = 'owner' } = each.contestant;
      const who = workload === 'W6' ? 'writer' : role;
      return { ...json, authorization: `Bearer ${tokens[who]}` };
    },
  }));
}

function workloadNames(): WorkloadName[] {
  const names: readonly WorkloadName[] = ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7'];
  const wanted = options.only?.toUpperCase().split(',');
  return names.filter((name) => wanted === undefined || wanted.includes(name));
}

async function compare(entrants: readonly Entrant[], ground: Ground, database: BenchDatabase): Promise<void> {
  const workloads: Partial<Record<WorkloadName, readonly Measured[]>> = {};
  for (const workload of workloadNames()) {
    console.error(`${workload}: ${workloadTitles[workload]} …`);
    const taking = entrants.filter(({ running }) => running.contestant.workloads.includes(workload));
    workloads[workload] = await compareOne(workload, taking, ground, database);
  }
  const isEqual = await checkAnswers(workloadNames(), entrants, ground);
  if (!isEqual) throw new Error('After the rounds the answers differ.');
  const report: Report = {
    date: new Date().toISOString(),
    machine: describeMachine(),
    versions: await versions(database),
    plan: { ...plan, generator },
    memoryMb: Object.fromEntries(memoryOf(entrants)),
    workloads,
  };
  console.log(render(report));
  keep(report);
}

async function compareOne(
  workload: WorkloadName,
  entrants: readonly Entrant[],
  ground: Ground,
  database: BenchDatabase,
): Promise<Measured[]> {
  const measured = entrants.map(({ running }): Measured => ({
    contestant: running.contestant.name,
    rounds: [],
    statementsPerRequest: NaN,
    answerBytes: NaN,
  }));
  for (let round = 0; round < plan.rounds; round += 1) {
    const turned = [
      ...entrants.slice(round % entrants.length),
      ...entrants.slice(0, round % entrants.length),
    ];
    const results = await runRound(workload, turned, ground, database, plan);
    for (const each of measured) {
      const result = results.get(each.contestant);
      if (result !== undefined) each.rounds.push(result);
    }
  }
  for (const [index, entrant] of entrants.entries()) {
    const each = measured[index];
    if (each === undefined || entrant.running.contestant.program === null) continue;
    Object.assign(each, await countStatements(workload, entrant, ground, database));
  }
  return measured;
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

/** A run that is cut short shows nothing that should be kept. */
function keep(report: Report): void {
  if (options.quick || options.only !== undefined || options.servers !== undefined) return;
  const folder = join(bench, 'results');
  mkdirSync(folder, { recursive: true });
  const name = `${report.date.slice(0, 10)}-${hostname()}`;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(join(folder, 'tables.md'), `${render(report)}\n`);
  writeFileSync(join(folder, 'chart.svg'), drawChart(report));
}
