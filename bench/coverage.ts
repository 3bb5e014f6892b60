import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createSmallDemo } from './compare/bench-database.ts';
import { ensureBuilt, ownCheckout } from './compare/checkout.ts';
import { createTokens, headersFor, type Tokens } from './compare/credentials.ts';
import { findFixtures, type Fixtures } from './compare/fixtures.ts';
import { sendOperation } from './compare/rounds.ts';
import { start, type Candidate, type RunningCandidate } from './compare/servers.ts';
import { operationsOf } from './compare/workloads.ts';
import { CallRecorder, type CalledFunction } from './coverage/call-recorder.ts';

/**
 * Counts the functions of Parley's own code that one warm request calls, by V8's precise coverage.
 *
 *     npm run bench:coverage -- [--project DIR] [--list]
 *
 * `--project` names another built checkout; `--list` prints every function by file.
 */
const { values: options } = parseArgs({
  options: {
    project: { type: 'string', default: ownCheckout },
    list: { type: 'boolean', default: false },
  },
});

const warmUps = 50;
const samples = 20;
/** Log line and metrics may be written after the response was sent. */
const afterResponseMs = 20;

const requests = [
  {
    title: 'conversations(first:)',
    workload: 'W1',
    query: `query W1 { conversations(first: 20) { nodes { id title messageCount lastMessage { id content createdAt } } } }`,
  },
  {
    title: 'sendMessage',
    workload: 'W6',
    query: `mutation W6($id: ID!, $content: String!) { sendMessage(input: { conversationId: $id, content: $content }) {
      message { id content } } }`,
  },
  {
    title: 'cached profile',
    workload: 'W4',
    query: `query W4($id: ID!) { user(id: $id) { displayName profile { bio } } }`,
  },
] as const;

const checkout = resolve(options.project);
const candidate: Candidate = {
  name: 'Parley',
  dialect: 'parley',
  kind: 'parley',
  workloads: requests.map(({ workload }) => workload),
  program: ['--import', join(import.meta.dirname, 'coverage/recorder.mjs'), 'dist/main.js', 'serve'],
  checkout,
};
const logs = await mkdtemp(join(tmpdir(), 'parley-coverage-'));
await main().finally(() => rm(logs, { recursive: true, force: true }));

async function main(): Promise<void> {
  await ensureBuilt(checkout);
  const database = await createSmallDemo('bench_coverage', checkout);
  try {
    const fixtures = await findFixtures(database.client);
    const tokens = await createTokens(checkout, database.url);
    const setup = { node: process.execPath, databaseUrl: database.url, poolSize: 10, fixtures, logs };
    const server = await start(candidate, setup);
    try {
      await report(server, fixtures, tokens);
    } finally {
      await server.stop();
    }
  } finally {
    await database.close();
  }
}

async function report(server: RunningCandidate, fixtures: Fixtures, tokens: Tokens): Promise<void> {
  const rows = [];
  for (const { title, workload, query } of requests) {
    const [{ variables } = { variables: {} }] = operationsOf('parley', workload, fixtures);
    const operation = { workload, query, variables };
    const headers = headersFor(candidate, operation, tokens);
    const called = await calledByOne(server, () => sendOperation(server.url, operation, headers));
    const files = new Set(called.map(({ file }) => file));
    rows.push({ request: title, functions: called.length, files: files.size });
    if (options.list) print(title, called);
  }
  console.table(rows);
}

/**
 * Returns the functions that every one of several single requests called, so that periodic tasks do not
 * count.
 */
async function calledByOne(
  { child }: RunningCandidate,
  request: () => Promise<unknown>,
): Promise<readonly CalledFunction[]> {
  if (child === null) throw new Error('The server has no process.');
  const recorder = new CallRecorder(child, checkout);
  for (let count = 0; count < warmUps; count += 1) await request();
  let common: Map<string, CalledFunction> | null = null;
  for (let count = 0; count < samples; count += 1) {
    await delay(afterResponseMs);
    await recorder.take();
    await request();
    await delay(afterResponseMs);
    const called = await recorder.take();
    common = new Map([...(common ?? called)].filter(([key]) => called.has(key)));
  }
  return [...(common ?? new Map()).values()];
}

function print(title: string, called: readonly CalledFunction[]): void {
  console.log(`\n${title}`);
  const lines = called.map(({ file, line, name }) => `  ${file}:${line} ${name}`);
  console.log(lines.toSorted().join('\n'));
}
