import { rm } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../src/platform/postgres/embedded/embedded.ts';
import { migrate } from '../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../src/platform/telemetry/logger.ts';
import { makeFolder } from '../test/support/embedded.ts';
import { populate, type Inhabitant } from '../test/support/population.ts';
import { endServer, hasEnded } from '../test/support/server-process.ts';
import { Attackers, attacks, type Attack } from './attacks.ts';
import { MeasuredServer } from './measured-server.ts';
import { Users } from './users.ts';

/**
 * Measures the latency of ordinary users, some of them in the attacker's tenant, while one caller sends the
 * most expensive requests on 8 and on 50 connections to a server with default settings and a heap of 512 MB.
 * Prints the table of docs/operations.md. Needs `npm run build`.
 *
 *     npx tsx bench/attack.ts [seconds] [name of an attack]
 */
async function main(seconds: number, name: string): Promise<number> {
  const dataDirectory = await makeFolder();
  const logger = createLogger({ level: 'warn' });
  const postgres = await startEmbeddedPostgres({ dataDirectory, logger });
  try {
    await migrate(postgres.url, { logger });
    const people = await populate(postgres.url, { people: 12, tenants: 3, messagesEach: messagesOfEach });
    await enlarge(postgres.url, people);
    console.log(
      '| attack | connections | p50 | p95 | errors of others | RSS more | answers to the attacker |',
    );
    console.log('| --- | --- | --- | --- | --- | --- | --- |');
    for (const attack of attacks.filter((each) => each.name.includes(name))) {
      await measureAttack(attack, people, { url: postgres.url, seconds });
    }
    return 0;
  } finally {
    await postgres.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

const messagesOfEach = 5000;
const pauseMs = 50;

/** A server of its own for each attack: the limits of the one before must not protect it from the next. */
async function measureAttack(
  attack: Attack,
  people: readonly Inhabitant[],
  { seconds, url }: { readonly seconds: number; readonly url: string },
): Promise<void> {
  const [attacker, ...others] = people;
  if (attacker === undefined) return;
  for (const connections of [0, 8, 50]) {
    const server = await MeasuredServer.start({
      DATABASE_URL: url,
      NODE_OPTIONS: '--max-old-space-size=512',
    });
    const users = new Users(others, server.running.origin, pauseMs);
    await wait(4000);
    const rss = (await server.signsNow()).rss;
    const attackers = new Attackers(attack, attacker, { origin: server.running.origin, connections });
    users.resetMeasurements();
    const startedAt = performance.now();
    await wait(seconds * 1000);
    const durations = Object.values(users.durations)
      .flat()
      .toSorted((left, right) => left - right);
    const errors = users.errors.length;
    const most = Math.max(...server.signsSince(startedAt).map((signs) => signs.rss));
    const end = hasEnded(server.running.child) ? 'the process died' : answersOf(attackers);
    await Promise.all([attackers.stop(), users.stop()]);
    await endServer(server.running);
    console.log(
      `| ${attack.name} | ${connections} | ${inMs(durations, 0.5)} | ${inMs(durations, 0.95)} | ${errors} of ${
        durations.length
      } | ${((most - rss) / 1024 / 1024).toFixed(0)} MB | ${end} |`,
    );
    for (const error of users.errors.slice(0, 3)) console.error(error.slice(0, 200));
  }
}

/** Gives the people words that are found often, and preferences of 16 kB. */
async function enlarge(databaseUrl: string, people: readonly Inhabitant[]): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`update messages set content = 'message apple river window letter garden silver number '
      || case when position % 2 = 0 then 'winter bridge ' else 'summer tunnel ' end || position`);
    await client.query(
      `update users set profile = profile || jsonb_build_object('preferences',
        jsonb_build_object('theme', repeat('x', 16000))) where id = any($1::uuid[])`,
      [people.map(({ userId }) => userId)],
    );
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

function answersOf({ statuses }: Attackers): string {
  return [...statuses].map(([status, count]) => `${count} × ${status}`).join(', ');
}

function inMs(sorted: readonly number[], part: number): string {
  return `${(sorted[Math.floor(sorted.length * part)] ?? NaN).toFixed(1)} ms`;
}

const [seconds = '8', name = ''] = process.argv.slice(2);
process.exitCode = await main(Number(seconds), name);
