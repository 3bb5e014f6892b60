import { parseArgs } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { createApp } from '../src/app/app.ts';
import { beginSession } from '../src/cli/token.ts';
import { readConfig } from '../src/app/config/config.ts';
import { encodeCursor } from '../src/paging/cursor.ts';
import { openPlatform } from '../src/app/open-platform.ts';
import { toPublicId } from '../src/platform/ids.ts';
import { createEmpty, type BenchDatabase } from './compare/bench-database.ts';
import { growing, growTo, createTenant } from './growth/fill.ts';

/**
 * Measures how the cost of a request grows with the size of the tables: time and pages in PostgreSQL, and
 * client latency. All rows belong to one tenant, whose member may see only a small part of them.
 *
 *     npm run bench:growth -- [--up-to 10000000]
 */
const { values: options } = parseArgs({ options: { 'up-to': { type: 'string', default: '10000000' } } });
const stages = [10_000, 100_000, 1_000_000, 10_000_000].filter((stage) => stage <= Number(options['up-to']));
const warmUps = 20;
const requests = 50;

interface MeasuredQuery {
  readonly name: string;
  readonly query: string;
  readonly token: string;
}

interface Cost {
  readonly statements: number;
  readonly statementMs: number;
  readonly pages: number;
  readonly p50Ms: number;
}

const database = await createEmpty('bench_growth');
try {
  await createTenant(database.client);
  const tables = new Map<string, Record<string, string>>();
  let before = 0;
  for (const stage of stages) {
    console.error(`Growing to ${stage.toLocaleString('en')} messages …`);
    const conversations = await growTo(database.client, stage, before);
    before = stage;
    await withServer(database, async (server, queries) => {
      for (const query of queries) {
        const row = tables.get(query.name) ?? {};
        row[`${stage.toLocaleString('en')} messages`] = format(await costOf(database, server, query));
        tables.set(query.name, row);
      }
    });
    console.error(`… in ${conversations.toLocaleString('en')} conversations`);
    // Printed after each step, because the last step takes far longer than all others.
    console.log('Milliseconds in PostgreSQL / pages read / client p50 in ms, by table size:');
    console.table(Object.fromEntries(tables));
  }
  console.log('Statements and cost by number of parents:');
  console.table(
    await withServer(database, async (server, _queries, token) => await byParents(server, token)),
  );
} finally {
  await database.close();
}

async function withServer<Result>(
  { url }: BenchDatabase,
  work: (server: FastifyInstance, queries: readonly MeasuredQuery[], adminToken: string) => Promise<Result>,
): Promise<Result> {
  const config = readConfig({ NODE_ENV: 'production', DATABASE_URL: url, LOG_LEVEL: 'error' });
  const platform = await openPlatform(config);
  const app = createApp({ ...platform, config });
  const server = await app.createServer(null);
  try {
    const tokenOf = (number: number) =>
      beginSession(app, { user: `person${number}@growing.example`, tenantSlug: null, device: 'a benchmark' });
    const [admin, member, guest] = [await tokenOf(1), await tokenOf(2), await tokenOf(3)];
    return await work(server, queriesOf({ admin, member, guest }), admin);
  } finally {
    await server.close();
    await platform.close();
  }
}

function queriesOf({
  admin,
  member,
  guest,
}: Readonly<Record<'admin' | 'member' | 'guest', string>>): MeasuredQuery[] {
  const list = `{ conversations(first: 20) { nodes { id title messageCount lastMessage { id content createdAt } } } }`;
  const last = list.replace('first', 'last');
  const byTitle = list.replace('first: 20', 'first: 20, orderBy: { field: TITLE }');
  const after = encodeCursor({ ordering: 'message.position', types: ['integer'] }, [
    growing.longPositions / 2,
  ]);
  const id = toPublicId('conv', growing.longConversation);
  const page = `{ conversation(id: "${id}") { messages(first: 50, after: "${after}") { nodes { id content author { displayName } } } } }`;
  const search = (words: string) =>
    `{ searchMessages(query: "${words}", first: 20) { nodes { id content } } }`;
  return [
    { name: 'W1, admin', query: list, token: admin },
    { name: 'W1, member of 100', query: list, token: member },
    { name: 'W1, guest of 100', query: list, token: guest },
    { name: 'last page, member of 100', query: last, token: member },
    { name: 'by title, member of 100', query: byTitle, token: member },
    { name: 'W3, admin', query: page, token: admin },
    { name: 'search, word in 20 messages', query: search(growing.rareWord), token: admin },
    { name: 'search, word in 1 %, admin', query: search(growing.commonWord), token: admin },
    { name: 'search, word in 1 %, member of 100', query: search(growing.commonWord), token: member },
  ];
}

async function byParents(server: FastifyInstance, token: string): Promise<Record<string, object>> {
  const rows: Record<string, object> = {};
  for (const parents of [1, 2, 5, 10, 20, 50, 100, 200]) {
    const query = `{ conversations(first: ${parents}) { nodes { id messages(last: 10) { nodes { content author { displayName } } } } } }`;
    const cost = await costOf(database, server, { name: '', query, token });
    rows[`W2, ${parents} parents`] = {
      statements: cost.statements,
      'ms in PostgreSQL': cost.statementMs.toFixed(2),
      'ms per parent': (cost.statementMs / parents).toFixed(3),
      pages: Math.round(cost.pages),
      'client p50 in ms': cost.p50Ms.toFixed(1),
    };
  }
  return rows;
}

async function costOf(
  { client }: BenchDatabase,
  server: FastifyInstance,
  query: MeasuredQuery,
): Promise<Cost> {
  for (let time = 0; time < warmUps; time += 1) await request(server, query);
  await client.query('select pg_stat_statements_reset()');
  const durations = [];
  for (let time = 0; time < requests; time += 1) durations.push(await request(server, query));
  const { rows } = await client.query<{ calls: number; ms: number; pages: number }>(`select
      coalesce(sum(calls), 0)::integer as calls, coalesce(sum(total_exec_time), 0) as ms,
      coalesce(sum(shared_blks_hit + shared_blks_read), 0)::float as pages
    from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())
      and query !~* 'pg_stat_statements|cache_processes|cache_epoch|pg_notify|pg_advisory|listen'`);
  const [sum = { calls: NaN, ms: NaN, pages: NaN }] = rows;
  return {
    statements: Math.round(sum.calls / requests),
    statementMs: sum.ms / requests,
    pages: sum.pages / requests,
    p50Ms: durations.toSorted((one, other) => one - other)[Math.floor(requests / 2)] ?? NaN,
  };
}

/** Sends a query and returns its latency in milliseconds. @throws Error when the answer has errors */
async function request(server: FastifyInstance, { query, token }: MeasuredQuery): Promise<number> {
  const startedAt = performance.now();
  const response = await server.inject({
    method: 'POST',
    url: '/graphql',
    headers: { authorization: `Bearer ${token}` },
    payload: { query },
  });
  const durationMs = performance.now() - startedAt;
  if (response.statusCode !== 200 || response.body.includes('"errors"')) {
    throw new Error(`${query}: ${response.body.slice(0, 500)}`);
  }
  return durationMs;
}

function format({ statementMs, pages, p50Ms }: Cost): string {
  return `${statementMs.toFixed(2)} / ${pages.toFixed(0)} / ${p50Ms.toFixed(1)}`;
}
