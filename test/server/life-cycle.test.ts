import { request as httpRequest } from 'node:http';
import { Client } from 'pg';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { aConversation, aTenant, aUser, type TestConversation, type TestUser } from '../support/builders.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

let testApp: TestApp;
let origin: string;
let viewer: TestUser;
let conversation: TestConversation;

beforeAll(async () => {
  // Without a deadline, so that what ends has another reason.
  testApp = await startTestApp({ REQUEST_TIMEOUT: '0' });
  origin = await testApp.server.listen({ host: '127.0.0.1', port: 0 });
  const tenant = await aTenant(testApp);
  viewer = await aUser(testApp, tenant);
  conversation = await aConversation(testApp, tenant, { owner: viewer, messages: ['a'] });
  await testApp.data('{ viewer { id } }', { token: viewer.token });
});
afterAll(() => testApp.close());

const patience = { timeout: 10_000, interval: 20 };

const slow = '{ conversations { nodes { id } } }';
const ask = (query: string) => testApp.ask(query, { token: viewer.token });

/** Whatever asks for the table's rows waits while the work is done; `waiting` counts those that do. */
async function whileLocked(
  { database }: TestApp,
  work: (waiting: () => Promise<number>) => Promise<void>,
  table = 'conversations',
): Promise<void> {
  const locker = new Client({ connectionString: database.url });
  await locker.connect();
  await locker.query(`begin; lock table ${table} in access exclusive mode`);
  try {
    await work(async () => {
      // Within a transaction PostgreSQL would show the same picture again and again.
      await locker.query('select pg_stat_clear_snapshot()');
      const { rows } = await locker.query<{ count: string }>(
        `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return Number(rows[0]?.count);
    });
  } finally {
    await locker.query('rollback');
    await locker.end();
  }
}

/** Sends an operation that the client will not wait for. */
function send(query: string) {
  const request = httpRequest(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${viewer.token}` },
  });
  request.on('error', () => {});
  request.end(JSON.stringify({ query }));
  return request;
}

describe('a query', () => {
  it('gets TIMEOUT at its deadline, and its SQL is cancelled', async () => {
    const hasty = await startTestApp({ REQUEST_TIMEOUT: '1' });
    const { token } = await aUser(hasty, await aTenant(hasty));
    await whileLocked(hasty, async (waiting) => {
      const answer = await hasty.ask(slow, { token });

      expect(answer.data).toBeUndefined();
      expect(answer.errors?.[0]?.extensions.code).toBe('TIMEOUT');
      await vi.waitFor(async () => expect(await waiting()).toBe(0), patience);
    });

    expect((await hasty.ask(slow, { token })).data.conversations.nodes).toEqual([]);
    await hasty.close();
  });

  it('gets UNAVAILABLE at its deadline during authentication', async () => {
    const hasty = await startTestApp({ REQUEST_TIMEOUT: '1' });
    const { token } = await aUser(hasty, await aTenant(hasty));
    await whileLocked(
      hasty,
      async (waiting) => {
        const answer = await hasty.ask(slow, { token });

        expect(answer.errors?.[0]?.extensions.code).toBe('UNAVAILABLE');
        expect(await waiting()).toBe(1);
      },
      'sessions',
    );

    expect((await hasty.ask(slow, { token })).data.conversations.nodes).toEqual([]);
    await hasty.close();
  });

  it('is cancelled in the database when its client disconnects', async () => {
    await whileLocked(testApp, async (waiting) => {
      const request = send(slow);
      await vi.waitFor(async () => expect(await waiting()).toBe(1), patience);
      request.destroy();

      await vi.waitFor(async () => expect(await waiting()).toBe(0), patience);
    });
  });

  it('is not affected by the cancellation of another', async () => {
    await whileLocked(testApp, async (waiting) => {
      const requests = Array.from({ length: 3 }, () => send(slow));
      await vi.waitFor(async () => expect(await waiting()).toBe(3), patience);
      for (const request of requests) request.destroy();
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(slow)));

    expect(answers.map(({ errors }) => errors)).toEqual(Array(20).fill(undefined));
  });
});

describe('a mutation', () => {
  it('is completed when its client disconnects', async () => {
    await whileLocked(testApp, async (waiting) => {
      const request = send(
        `mutation { sendMessage(input: { conversationId: "${conversation.id}", content: "kept" }) { message { id } } }`,
      );
      await vi.waitFor(async () => expect(await waiting()).toBe(1), patience);
      request.destroy();
    });

    await vi.waitFor(async () => {
      const rows = await testApp.database.query(sql`select 1 from messages where content = 'kept'`);
      expect(rows).toHaveLength(1);
    }, patience);
  });
});

describe('a process that shuts down', () => {
  let draining: TestApp;
  beforeEach(async () => {
    draining = await startTestApp();
    return () => draining.close();
  });

  it('reports not ready, still serves requests, and closes its connections', async () => {
    const before = await draining.server.inject('/readyz');
    draining.app.requests.isDraining = true;
    const ready = await draining.server.inject('/readyz');
    const live = await draining.server.inject('/livez');
    const answer = await draining.server.inject({
      method: 'POST',
      url: '/graphql',
      payload: { query: '{ viewer { id } }' },
    });

    expect([before.statusCode, ready.statusCode, live.statusCode]).toEqual([200, 503, 200]);
    expect(ready.json()).toMatchObject({ ready: false, components: [{ name: 'process' }] });
    expect(answer.json()).toEqual({ data: { viewer: null } });
    expect(answer.headers.connection).toBe('close');
  });

  it('aborts queries that take too long', async () => {
    await whileLocked(testApp, async (waiting) => {
      const answer = ask(slow);
      await vi.waitFor(async () => expect(await waiting()).toBe(1), patience);
      testApp.app.requests.abortAll();

      expect((await answer).errors?.[0]?.extensions.code).toBe('UNAVAILABLE');
    });
  });
});
