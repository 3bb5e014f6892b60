import { hash } from 'node:crypto';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { setImmediate as turnsEnd } from 'node:timers/promises';
import { promisify } from 'node:util';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly requestId: string;
  readonly operation: string | null;
  readonly statement: string;
  readonly statements: number;
  readonly [field: string]: unknown;
}

const lines: Line[] = [];
let testApp: TestApp;
let tenant: TestTenant;
let user: TestUser;

/** Has all tests of a group ask one server. */
function askServerWith(settings: Readonly<Record<string, string>>): void {
  beforeAll(async () => {
    testApp = await startTestApp({ EXECUTOR: 'level', ...settings }, (line) => lines.push(JSON.parse(line)));
    tenant = await aTenant(testApp);
    user = await aUser(testApp, tenant, { role: 'OWNER' });
    await aConversation(testApp, tenant, { owner: user, messages: ['one', 'two'] });
  });
  afterAll(() => testApp.close());
}

beforeEach(() => {
  // The number of slow statements that are logged per second is limited.
  testApp.clock.advance(1000);
  lines.splice(0);
});

const send = (body: object, headers: Record<string, string> = {}) =>
  testApp.server.inject({
    method: 'POST',
    url: '/graphql',
    headers: { authorization: `Bearer ${user.token}`, ...headers },
    payload: body,
  });
const lineOf = (operation: string) =>
  lines.find((line) => line.operation === operation && line.msg.startsWith('a request'));
const connectionsOf = (server: Server) => promisify(server.getConnections.bind(server))();
const timingOf = (headers: Readonly<Record<string, unknown>>) => String(headers['server-timing']);

describe('the statistics of a request', () => {
  // On a machine that is busy with other things a request may take any time.
  askServerWith({ SLOW_REQUEST_MS: '0', VERY_SLOW_REQUEST_MS: '0' });

  it('are in the response headers', async () => {
    const query = '{ conversations(first: 1) { nodes { title lastMessage { content status } } } }';
    await send({ query });
    const { headers } = await send({ query });

    expect(Number(headers['x-process-time'])).toBeGreaterThan(0);
    expect(timingOf(headers)).toMatch(
      /^auth;dur=\d+\.\d\d, cache;desc="1 hits, 0 misses", db;dur=\d+\.\d\d;desc="2 statements", total;dur=\d+\.\d\d$/,
    );
  });

  it.each([
    ['an address that means nothing', 'GET', '/nothing', 404],
    ['a bad credential', 'POST', '/graphql', 401],
  ] as const)('is in the headers of refusals: %s', async (_name, method, url, status) => {
    const { headers, statusCode } = await testApp.server.inject({
      method,
      url,
      headers: { authorization: 'Bearer parley_session_wrong' },
    });

    expect(statusCode).toBe(status);
    expect(headers['x-process-time']).toBeDefined();
    expect(timingOf(headers)).toContain('total;dur=');
  });

  it('are neither sent nor logged for health checks', async () => {
    for (const url of ['/livez', '/readyz']) {
      const { headers } = await testApp.server.inject({ method: 'GET', url });
      expect(headers).not.toHaveProperty('x-process-time');
      expect(headers).not.toHaveProperty('server-timing');
    }
    expect(lines.filter(({ msg }) => msg.startsWith('a request'))).toEqual([]);
  });

  it("are one log line, without the client's values", async () => {
    const query =
      'query Conversations($title: String) { conversations(filter: { titleContains: $title }) { nodes { id } } }';
    const { headers } = await send({ query, variables: { title: 'zebra-4711' } }, { 'x-request-id': 'mine' });

    expect(headers['x-request-id']).toBe('mine');
    expect(lineOf('Conversations')).toMatchObject({
      level: 30,
      requestId: 'mine',
      kind: 'query',
      outcome: 'ok',
      status: 200,
      url: '/graphql',
      statements: 1,
      cacheHits: 1,
      cacheMisses: 0,
      userId: `${tenant.uuid}:${user.uuid}`,
    });
    expect(JSON.stringify(lines)).not.toContain('zebra-4711');
    expect(JSON.stringify(lines)).not.toContain(user.token);
  });

  it('are logged once when the client disconnects before the response or during its request', async () => {
    const origin = await testApp.server.listen({ host: '127.0.0.1', port: 0 });
    const holder = await testApp.database.pool.connect();
    await holder.query('begin; lock table conversations in access exclusive mode');
    const body = JSON.stringify({ query: 'query GivenUp { conversations { nodes { id } } }' });
    const abort = async (sent: string, until: () => Promise<boolean>) => {
      const socket = connect(Number(new URL(origin).port), '127.0.0.1');
      socket.write(`POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`);
      socket.write(`authorization: Bearer ${user.token}\r\ncontent-length: ${body.length}\r\n\r\n${sent}`);
      await expect.poll(until).toBe(true);
      socket.resetAndDestroy();
    };
    const isWaiting = async () => {
      const rows = await testApp.database.query(sql`select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`);
      return rows.length === 1;
    };
    await abort(body, isWaiting);
    await expect
      .poll(() => lineOf('GivenUp'))
      .toMatchObject({ status: 499, kind: 'query', outcome: 'refused' });
    await holder.query('rollback');
    holder.release();
    await abort(body.slice(0, 10), async () => (await connectionsOf(testApp.server.server)) === 1);
    await expect.poll(() => lines.filter(({ status }) => status === 499)).toHaveLength(2);
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${user.token}` };
    await (await fetch(`${origin}/graphql`, { method: 'POST', headers, body })).text();
    await expect.poll(() => lines.filter(({ status }) => status === 200)).not.toEqual([]);
    await turnsEnd();

    expect(lines.flatMap(({ status }) => status ?? [])).toEqual([499, 499, 200]);
  });

  it('count the statements of a mutation, and those of authentication', async () => {
    const token = `parley_session_${hash('sha256', 'another', 'base64url')}`;
    await testApp.database.query(sql`insert into sessions (tenant_id, id, user_id, token_hash, expires_at)
      values (${tenant.uuid}::uuid, gen_random_uuid(), ${user.uuid}::uuid, ${hash('sha256', token, 'buffer')},
        ${new Date(testApp.clock.now() + 1000)})`);
    const texts: string[] = [];
    const stop = testApp.database.observe(({ text }) => texts.push(text));
    await send(
      { query: 'mutation Rename { updateProfile(input: { firstName: "Ada" }) { user { displayName } } }' },
      { authorization: `Bearer ${token}` },
    ).finally(stop);

    expect(texts.length).toBeGreaterThan(3);
    expect(lineOf('Rename')).toMatchObject({ kind: 'mutation', statements: texts.length });
  });

  it('separate the statements of concurrent requests that wait for connections', async () => {
    const query = (name: string, fields: string) => ({
      query: `query ${name} { conversations(first: 1) { ${fields} } }`,
    });
    // Earlier writes are announced to the caches with a delay, and must not invalidate entries meanwhile.
    await testApp.app.coherence.waitForInvalidation();
    // Who they are is known from here on, and takes no statement.
    await send({ query: '{ __typename }' });
    await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        index % 2 === 0
          ? send(query('One', 'nodes { title }'))
          : send(query('Two', 'nodes { title } totalCount')),
      ),
    );
    const statementsOf = (operation: string) => [
      ...new Set(
        lines
          .filter((line) => line.operation === operation && line.msg.startsWith('a request'))
          // Who finds no connection in time, as on a machine that is busy with other things, sends none.
          .filter((line) => line['outcome'] === 'ok')
          .map((line) => line.statements),
      ),
    ];

    expect(statementsOf('One')).toEqual([1]);
    expect(statementsOf('Two')).toEqual([2]);
  });
});

describe.each([
  [200, 40, 'a request was slow', '0'],
  [500, 50, 'a request was very slow', '400'],
] as const)('what takes %d ms', (ms, level, msg, verySlowMs) => {
  askServerWith({
    SLOW_REQUEST_MS: '150',
    VERY_SLOW_REQUEST_MS: verySlowMs,
    SLOW_QUERY_THRESHOLD_MS: '100',
  });

  it('is logged with its statement', async () => {
    // Who they are is known from here on, and takes no statement.
    await send({ query: '{ __typename }' });
    const query = 'query Slow($t: String) { conversations(filter: { titleContains: $t }) { nodes { id } } }';
    const { headers } = await whileConversationsAreLocked(ms, () =>
      send({ query, variables: { t: 'zebra-4711' } }),
    );
    const requestId = headers['x-request-id'];

    expect(lineOf('Slow')).toMatchObject({ level, msg, requestId, statements: 1 });
    const [slow] = lines.filter((line) => line.msg === 'a statement was slow' && line.operation === 'Slow');
    expect(slow).toMatchObject({ level: 40, requestId });
    expect(slow?.['durationMs']).toBeGreaterThanOrEqual(100);
    expect(slow?.statement).toMatch(/^select .*…$/);
    expect(slow?.statement.length).toBeLessThanOrEqual(200);
    expect(JSON.stringify(lines)).not.toContain('zebra-4711');
  });
});

/** Keeps the table of conversations to itself until somebody has waited for it for so long. */
async function whileConversationsAreLocked<Result>(ms: number, work: () => Promise<Result>): Promise<Result> {
  const client = await testApp.database.pool.connect();
  try {
    await client.query('begin; lock table conversations in access exclusive mode');
    const result = work();
    const waiting = "select from pg_locks where relation = 'conversations'::regclass and not granted";
    await expect.poll(async () => (await client.query(waiting)).rowCount, { timeout: 20_000 }).toBe(1);
    await client.query(`select pg_sleep(${ms / 1000}); rollback`);
    return await result;
  } finally {
    client.release();
  }
}
