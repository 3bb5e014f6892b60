import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { aMembership, anApiKey, aTenant, aUser, type TestTenant } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
});
beforeEach(() => flush({ all: true }));
afterAll(() => testApp.close());

async function flush(options?: { all: boolean }) {
  const { sessions, apiKeys } = testApp.app.lastSeen;
  await Promise.all([sessions.flush(options), apiKeys.flush(options)]);
}

const now = () => new Date(testApp.clock.now()).toISOString();
const viewer = '{ viewer { id } }';

it('last seen: written in one statement for all sessions and one for all keys, outside of requests', async () => {
  const people = await Promise.all(Array.from({ length: 10 }, () => aUser(testApp, tenant)));
  const keys = await Promise.all(people.map((person) => anApiKey(testApp, tenant, person)));
  const tokens = [...people.map((person) => person.token), ...keys.map((key) => key.secret)];
  for (const token of tokens) await testApp.data(viewer, { token });
  testApp.clock.advance(1000);
  await testApp.expectStatements(0, async () => {
    for (const token of tokens) await testApp.data(viewer, { token });
  });
  await testApp.expectStatements(2, () => flush());
  const query = `{ viewer { sessions { nodes { lastSeenAt } } apiKeys { nodes { lastUsedAt } } } }`;

  for (const token of tokens) {
    expect((await testApp.data(query, { token })).viewer).toEqual({
      sessions: { nodes: [{ lastSeenAt: now() }] },
      apiKeys: { nodes: [{ lastUsedAt: now() }] },
    });
  }
});

it('last seen: written once a minute for a session in constant use', async () => {
  const { token } = await aUser(testApp, tenant);
  let writes = 0;
  const stop = testApp.database.observe(({ text }) => {
    if (text.includes('update sessions')) writes += 1;
  });
  for (let second = 0; second < 600; second += 5) {
    await testApp.data(viewer, { token });
    if (second % 30 === 0) await flush();
    testApp.clock.advance(5000);
  }
  stop();

  expect(writes).toBe(10);
});

it('last seen: a write invalidates no cache', async () => {
  const { token } = await aUser(testApp, tenant);
  await testApp.data(viewer, { token });
  await testApp.expectStatements(1, () => flush());

  await testApp.expectStatements(0, () => testApp.data(viewer, { token }));
});

it('last seen: a session that selects another tenant is updated', async () => {
  const second = await aTenant(testApp);
  const person = await aUser(testApp, tenant);
  await aMembership(testApp, second, person);
  testApp.clock.advance(1000);
  await testApp.data(viewer, { token: person.token, headers: { 'x-tenant': second.slug } });
  await flush();
  const rows = await testApp.database.query(
    sql`select tenant_id as "tenantId", last_seen_at = ${new Date(testApp.clock.now())} as "isNow"
      from sessions where user_id = ${person.uuid}::uuid order by tenant_id`,
  );

  expect(rows).toEqual([
    { tenantId: tenant.uuid, isNow: true },
    { tenantId: second.uuid, isNow: false },
  ]);
});

it('last seen: a rejected key is not updated', async () => {
  const key = await anApiKey(testApp, tenant, await aUser(testApp, tenant));
  await testApp.ask(viewer, { token: key.secret, headers: { 'x-tenant': 'elsewhere' } });

  await testApp.expectStatements(0, () => flush({ all: true }));
});

it('last seen: written when the server closes', async () => {
  const other = await startTestApp();
  const person = await aUser(other, await aTenant(other));
  other.clock.advance(1000);
  await other.data(viewer, { token: person.token });
  await other.server.close();
  const [session] = await other.database.query(sql`select last_seen_at as "lastSeenAt" from sessions`);
  await other.close();

  expect(session).toEqual({ lastSeenAt: new Date(other.clock.now()) });
});
