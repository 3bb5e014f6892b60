import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/app/app.ts';
import { readConfig } from '../../../src/app/config/config.ts';
import { systemClock } from '../../../src/platform/runtime/clock.ts';
import type { Coherence } from '../../../src/caching/coherence/coherence.ts';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { openDatabase } from '../../../src/platform/postgres/open-database.ts';
import { aConversation, aTenant, aUser, type TestUser } from '../../support/builders.ts';
import { untilTrusted } from '../../support/coherence.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

/** Beyond this a client has been made to wait. */
const answerMaxMs = 3000;
const recoveryMaxMs = 3000;

let testDatabase: TestDatabase;
let proxy: FaultProxy;
let database: Database;
let url: string;
let user: TestUser;
let coherence: Coherence;
let close: () => Promise<void>;
const logged: { readonly msg: string; readonly cache?: string }[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const address = new URL(testDatabase.url);
  proxy = await FaultProxy.open({ port: Number(address.port) });
  address.host = `127.0.0.1:${proxy.port}`;
  const logger = pino({ level: 'warn' }, { write: (line) => void logged.push(JSON.parse(line)) });
  const config = readConfig({ NODE_ENV: 'test', LOG_LEVEL: 'silent', DATABASE_URL: address.toString() });
  database = openDatabase({ ...config.database, url: address.toString(), logger });
  const app = createApp({ clock: systemClock, config, database, logger });
  const server = await app.createServer(null);
  url = await server.listen({ host: '127.0.0.1', port: 0 });
  coherence = app.coherence;
  await untilTrusted(coherence);
  const ground = { app, database, clock: systemClock };
  const tenant = await aTenant(ground);
  user = await aUser(ground, tenant);
  await aConversation(ground, tenant, { owner: user, messages: ['hello'] });
  close = async () => {
    await server.close();
    await database.close();
    await proxy.close();
    await testDatabase.drop();
  };
});
afterAll(() => close());

interface Asked {
  readonly code: string | null;
  readonly retryAfter: string | null;
  readonly data: unknown;
  readonly tookMs: number;
}

async function ask(query: string): Promise<Asked> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${user.token}` },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = JSON.parse(await response.text());
  return {
    code: errors?.[0]?.extensions.code ?? null,
    retryAfter: response.headers.get('retry-after'),
    data,
    tookMs: performance.now() - startedAt,
  };
}

const read = () => ask('{ conversations(first: 1) { nodes { title messageCount } } }');
const readCached = () => ask('{ viewer { id } settings { maxMessageLength } models { id } }');
const crowd = (work: () => Promise<Asked>) => Promise.all(Array.from({ length: 20 }, work));

/** Before that caches learn nothing that they keep. */
async function warm(): Promise<void> {
  await untilTrusted(coherence);
  expect((await readCached()).code).toBeNull();
}

async function isAlive(): Promise<boolean> {
  const startedAt = performance.now();
  const { ok } = await fetch(`${url}/livez`);
  return ok && performance.now() - startedAt < 1000;
}

/** How long until requests are answered again. */
async function untilAnswered(): Promise<number> {
  const startedAt = performance.now();
  while ((await read()).code !== null) await wait(20);
  return performance.now() - startedAt;
}

/** No more connections than the pool may have, and none of them held. */
async function expectNoLeak(): Promise<void> {
  const client = new Client({ connectionString: testDatabase.url });
  await client.connect();
  const ours = `select count(*)::int as count from pg_stat_activity
    where datname = current_database() and application_name = 'parley'`;
  await expect
    .poll(async () => (await client.query<{ count: number }>(ours)).rows[0]?.count, { timeout: 5000 })
    .toBeLessThanOrEqual(8);
  await client.end();
  await expect.poll(() => database.poolState()).toMatchObject({ inUse: 0, waiting: 0 });
}

const faults: Readonly<Record<string, () => void>> = {
  refuses: () => proxy.refuse(),
  'says nothing any more': () => proxy.freeze(),
};

describe('a database that', { timeout: 60_000 }, () => {
  it.each(Object.keys(faults))(
    '%s leads to UNAVAILABLE quickly, cached reads continue, and it recovers quickly',
    async (name) => {
      await warm();
      expect((await read()).code).toBeNull();
      logged.length = 0;
      faults[name]?.();
      const answers = await crowd(read);
      const later = await crowd(read);
      const cached = [...(await crowd(readCached)), ...(await crowd(readCached))];
      const alive = await isAlive();
      proxy.heal();
      const recoveryMs = await untilAnswered();

      for (const answer of [...answers, ...later]) {
        expect(answer).toMatchObject({ code: 'UNAVAILABLE', retryAfter: '5' });
        expect(answer.tookMs).toBeLessThan(answerMaxMs);
      }
      for (const answer of cached) {
        expect(answer.code).toBeNull();
        expect(answer.tookMs).toBeLessThan(answerMaxMs);
      }
      expect(alive).toBe(true);
      expect(recoveryMs).toBeLessThan(recoveryMaxMs);
      const toldBy = logged.filter(({ msg }) => /last values/.test(msg)).map(({ cache }) => cache);
      expect(toldBy).toEqual([...new Set(toldBy)]);
      await expectNoLeak();
    },
  );

  it('stalls during statements leads to UNAVAILABLE quickly', async () => {
    const holder = new Client({ connectionString: testDatabase.url });
    await holder.connect();
    await holder.query('begin; lock table conversations in access exclusive mode');
    const answers = crowd(read);
    await expect.poll(() => database.poolState().inUse).toBe(8);
    proxy.freeze();
    const found = await answers;
    await holder.query('rollback');
    await holder.end();
    proxy.heal();

    for (const { code, tookMs } of found) {
      expect(code).toBe('UNAVAILABLE');
      expect(tookMs).toBeLessThan(answerMaxMs);
    }
    expect(await untilAnswered()).toBeLessThan(recoveryMaxMs);
    await expectNoLeak();
  });

  it('resets its connections recovers immediately', async () => {
    const answers = crowd(read);
    proxy.reset();
    for (const { code, tookMs } of await answers) {
      expect([null, 'UNAVAILABLE']).toContain(code);
      expect(tookMs).toBeLessThan(answerMaxMs);
    }

    expect(await untilAnswered()).toBeLessThan(recoveryMaxMs);
    await expectNoLeak();
  });

  it('is 100 ms away is waited for', async () => {
    proxy.delay(100);
    const answers = await crowd(read);
    proxy.heal();

    for (const { code, data, tookMs } of answers) {
      expect(code).toBeNull();
      expect(data).toEqual({ conversations: { nodes: [{ title: 'A conversation', messageCount: 1 }] } });
      expect(tookMs).toBeLessThan(answerMaxMs);
    }
  });
});

describe('a pool without a free connection', () => {
  it('leads to UNAVAILABLE with Retry-After within 2 s, and requests without SQL succeed', async () => {
    await warm();
    const held = await Promise.all(Array.from({ length: 8 }, () => database.pool.connect()));
    const refused = crowd(read);
    const cached = await readCached();
    const alive = await isAlive();

    for (const answer of await refused) {
      expect(answer).toMatchObject({ code: 'UNAVAILABLE', retryAfter: '5' });
      expect(answer.tookMs).toBeLessThan(2000);
    }
    expect(cached.code).toBeNull();
    expect(alive).toBe(true);
    for (const client of held) client.release();
    expect((await read()).code).toBeNull();
    await expectNoLeak();
  });
});
