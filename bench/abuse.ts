import { rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../src/platform/postgres/embedded/embedded.ts';
import { migrate } from '../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../src/platform/telemetry/logger.ts';
import { abuses, type Abuse } from '../test/support/abuses.ts';
import { makeFolder } from '../test/support/embedded.ts';
import { populate, type Inhabitant } from '../test/support/population.ts';
import { send } from '../test/support/send.ts';
import { endServer } from '../test/support/server-process.ts';
import { MeasuredServer } from './measured-server.ts';
import { Users } from './users.ts';

/**
 * Measures how fast a server with production defaults refuses abusive requests, the memory they cost, and the
 * latency of ordinary requests meanwhile; then the same beside 300 stalled connections. Needs `npm run
 * build`.
 *
 *     npx tsx bench/abuse.ts [rounds]
 */
async function main(rounds: number): Promise<number> {
  const dataDirectory = await makeFolder();
  const logger = createLogger({ level: 'warn' });
  const postgres = await startEmbeddedPostgres({ dataDirectory, logger });
  try {
    await migrate(postgres.url, { logger });
    const people = await populate(postgres.url, { people: 20, tenants: 2, messagesEach: 60 });
    const server = await MeasuredServer.start({ DATABASE_URL: postgres.url });
    const isPassed = await measure(server, people, rounds).finally(() => endServer(server.running));
    return isPassed ? 0 : 1;
  } finally {
    await postgres.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

const refusalMsMax = 500;
const keptGrowthMax = 50 * 1024 * 1024;
const slowSockets = 300;
const quietSeconds = 5;

async function measure(
  server: MeasuredServer,
  people: readonly Inhabitant[],
  rounds: number,
): Promise<boolean> {
  const { origin } = server.running;
  const users = new Users(people, origin, 100);
  await wait(quietSeconds * 1000);
  users.resetMeasurements();
  const keptBefore = await server.keptBytes();
  await wait(quietSeconds * 1000);
  printUsers('without abuse', users);

  const first = await abuse(server, people, rounds);
  printUsers('during abuse', users);
  const sockets = Array.from({ length: slowSockets }, () => sendSlowly(origin));
  const second = await abuse(server, people, rounds);
  printUsers(`during abuse, with ${slowSockets} stalled connections`, users);
  for (const socket of sockets) socket.destroy();
  await users.stop();
  const keptGrowth = (await server.keptBytes()) - keptBefore;
  console.log(
    `heap after garbage collection: ${inMegabytes(keptGrowth)} more than the ${inMegabytes(keptBefore)} before`,
  );
  for (const error of users.errors) console.log(error.slice(0, 200));
  return first && second && users.errors.length === 0 && keptGrowth < keptGrowthMax;
}

/**
 * Prints the slowest refusal of each kind of abuse, and returns whether every request was refused in time.
 */
async function abuse(
  server: MeasuredServer,
  people: readonly Inhabitant[],
  rounds: number,
): Promise<boolean> {
  const startedAt = performance.now();
  const before = await server.signsNow();
  const agent = new Agent({ keepAlive: true });
  const results: { readonly abuse: string; readonly status: string; readonly slowestMs: number }[] = [];
  for (const [name, request] of Object.entries(abuses)) {
    const outcomes = [];
    for (let round = 0; round < rounds; round += 1) {
      outcomes.push(await refuse(agent, server.running.origin, people[0]?.token ?? '', request));
    }
    const statuses = new Set(outcomes.map(({ status }) => status));
    const slowestMs = Math.round(Math.max(...outcomes.map(({ elapsedMs }) => elapsedMs)));
    results.push({ abuse: name, status: [...statuses].join(), slowestMs });
  }
  agent.destroy();
  console.table(results);
  await server.signsNow();
  const signs = server.signsSince(startedAt);
  for (const name of ['rss', 'heap'] as const) {
    const peak = Math.max(...signs.map((each) => each[name]));
    console.log(`${name}: at most ${inMegabytes(peak)}, before ${inMegabytes(before[name])}`);
  }
  return results.every(({ status, slowestMs }) => /^4\d\d$/.test(status) && slowestMs < refusalMsMax);
}

async function refuse(agent: Agent, origin: string, token: string, { body, headers }: Abuse) {
  const startedAt = performance.now();
  const { status } = await send(agent, `${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body,
  });
  return { status, elapsedMs: performance.now() - startedAt };
}

function sendSlowly(origin: string): Socket {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1', () =>
    socket.write('POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'),
  );
  // The server may close a connection that stalls.
  socket.on('error', () => {});
  return socket;
}

function printUsers(phase: string, users: Users): void {
  const sorted = Object.values(users.durations)
    .flat()
    .toSorted((a, b) => a - b);
  const [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1].map((share) =>
    (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0),
  );
  console.log(
    `${phase}: ${sorted.length} ordinary requests, p50 ${p50}, p95 ${p95}, p99 ${p99}, max ${max} ms`,
  );
  users.resetMeasurements();
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

process.exitCode = await main(Number(process.argv[2] ?? 5));
