import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../src/platform/postgres/embedded/embedded.ts';
import { migrate } from '../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../src/platform/telemetry/logger.ts';
import { makeFolder } from '../test/support/embedded.ts';
import { KillableServer, killPostgres } from '../test/support/killing.ts';
import { populate } from '../test/support/population.ts';
import { WritingClients } from '../test/support/writing-clients.ts';
import { countConnections, MeasuredServer, type VitalSigns } from './measured-server.ts';
import { Users } from './users.ts';

/**
 * Measures a server with production defaults under many concurrent users, or checks that no message is lost
 * while the server and its database are killed. Needs `npm run build`.
 *
 *     npx tsx bench/endurance.ts users [--people 1000] [--seconds 60] [--pause 0]
 *     npx tsx bench/endurance.ts kills [--times 10]
 */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      people: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '60' },
      pause: { type: 'string', default: '0' },
      times: { type: 'string', default: '10' },
    },
  });
  const dataDirectory = await makeFolder();
  const logger = createLogger({ level: 'warn' });
  const postgres = await startEmbeddedPostgres({ dataDirectory, logger });
  try {
    await migrate(postgres.url, { logger });
    const isPassed =
      positionals[0] === 'kills'
        ? await endureKills(postgres.url, dataDirectory, Number(values.times))
        : await endureUsers(postgres.url, {
            people: Number(values.people),
            seconds: Number(values.seconds),
            pauseMs: Number(values.pause),
          });
    return isPassed ? 0 : 1;
  } finally {
    await postgres.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

const megabyte = 1024 * 1024;
const warmUpMs = 10_000;
/** The growth of the heap under load, after garbage collection and relative to the end of the warm-up. */
const keptGrowthMax = 20 * megabyte;

/**
 * Shares of the load's duration at which memory is measured after garbage collection. RSS shows leaks outside
 * the heap.
 */
const memoryAt = [1 / 6, 1 / 2, 1] as const;

interface UserLoad {
  readonly people: number;
  readonly seconds: number;
  readonly pauseMs: number;
}

async function endureUsers(databaseUrl: string, load: UserLoad): Promise<boolean> {
  const people = await populate(databaseUrl, { people: load.people, tenants: 20, messagesEach: 60 });
  const server = await MeasuredServer.start({ DATABASE_URL: databaseUrl });
  const { origin, child, logs } = server.running;
  const users = new Users(people, origin, load.pauseMs);
  await wait(warmUpMs);
  const held = [await memoryOf(server)];
  users.resetMeasurements();
  const startedAt = performance.now();
  for (const share of memoryAt) {
    await wait(share * load.seconds * 1000 - (performance.now() - startedAt));
    held.push(await memoryOf(server));
  }
  const elapsedMs = performance.now() - startedAt;
  const connections = await countConnections(databaseUrl);
  const openFiles = await server.openFiles();
  const signs = server.signsSince(startedAt);
  await users.stop();
  const kept = (held.at(-1)?.kept ?? 0) - (held[0]?.kept ?? 0);
  held.push(await memoryOf(server));

  printDurations(users, elapsedMs);
  printSigns(signs);
  const inUse = held.map(({ kept, rss }) => `${inMegabytes(kept)} of ${inMegabytes(rss)}`);
  console.log(`heap of RSS after garbage collection: ${inUse.join(', ')} MB; the last one without load`);
  console.log(`${connections} connections to the database, ${openFiles} open files and sockets`);
  printErrors(users.errors, logs());
  child.kill('SIGTERM');
  return users.errors.length === 0 && kept < keptGrowthMax;
}

async function memoryOf(server: MeasuredServer): Promise<{ readonly kept: number; readonly rss: number }> {
  const kept = await server.keptBytes();
  const { rss } = await server.signsNow();
  return { kept, rss };
}

function printDurations({ durations }: Users, elapsedMs: number): void {
  const all = Object.values(durations).flat();
  const rows = [...Object.entries(durations), ['all', all] as const].map(([name, each]) => {
    const sorted = each.toSorted((a, b) => a - b);
    const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
    const perSecond = Math.round((each.length / elapsedMs) * 1000);
    return { name, requests: each.length, perSecond, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
  });
  console.table(rows);
}

function printSigns(signs: readonly VitalSigns[]): void {
  for (const name of ['rss', 'heap'] as const) {
    const values = signs.map((each) => each[name]);
    const slope = slopeOf(signs.map((each) => ({ x: each.atMs / 60_000, y: each[name] })));
    console.log(
      `${name}: ${values.map(inMegabytes).join(' ')} MB; slope ${inMegabytes(slope)} MB per minute`,
    );
  }
  const cpuMs = (signs.at(-1)?.cpuMs ?? 0) - (signs[0]?.cpuMs ?? 0);
  const elapsedMs = (signs.at(-1)?.atMs ?? 0) - (signs[0]?.atMs ?? 0);
  console.log(
    `event loop delay, p99 of each second: ${signs.map(({ lagMs }) => lagMs.toFixed(0)).join(' ')} ms`,
  );
  console.log(`CPU: ${Math.round((cpuMs / elapsedMs) * 100)} % of a core`);
}

function printErrors(errors: readonly string[], logs: string): void {
  console.log(`${errors.length} errors`);
  printCounts(errors.map(kindOf));
  const messages = [...logs.matchAll(/"(?:reason|msg)":"(?:[^"\\]|\\.)*"/g)].map(([message]) => message);
  if (errors.length > 0) printCounts(messages);
}

function printCounts(values: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const [value, count] of counts) console.log(`  ${count} times ${value}`);
}

/**
 * Reduces an error to activity, status, code and message, so that equal errors of different requests are
 * counted together.
 */
function kindOf(error: string): string {
  const [, activity = '', text = ''] = /^(\w+: (?:\d+: )?)(.*)$/s.exec(error) ?? [null, '', error];
  const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text.slice(0, 200);
  const code = /"code":"(\w+)"/.exec(text)?.[1] ?? '';
  return `${activity}${code} ${message}`;
}

/** Fits a line by least squares and returns its slope. */
function slopeOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(({ x }) => x)), mean(points.map(({ y }) => y))];
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  return points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

function inMegabytes(bytes: number): string {
  return (bytes / megabyte).toFixed(1);
}

async function endureKills(databaseUrl: string, dataDirectory: string, times: number): Promise<boolean> {
  const people = await populate(databaseUrl, { people: 50, tenants: 5, messagesEach: 0 });
  const server = await KillableServer.start({ DATABASE_URL: databaseUrl, NODE_ENV: 'production' });
  const clients = new WritingClients(people, () => server.origin);
  for (let round = 1; round <= times; round += 1) {
    await clients.acknowledgedMore(500);
    await server.killAndRestart();
    await clients.acknowledgedMore(500);
    await killPostgres(dataDirectory);
    console.log(`killed the server and the database, ${round} of ${times} times`);
  }
  await clients.acknowledgedMore(500);
  const report = await clients.stop(databaseUrl);
  await server.end();
  console.log(report);
  const { wrongAnswers, lost, doubled, miscounted } = report;
  return [wrongAnswers, lost, doubled, miscounted].every((errors) => errors.length === 0);
}

process.exitCode = await main();
