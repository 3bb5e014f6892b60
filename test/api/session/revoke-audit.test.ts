import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toPublicId } from '../../../src/platform/ids.ts';
import { anApiKey, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let admin: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  admin = await aUser(testApp, tenant, { role: 'ADMIN' });
});
afterAll(() => testApp.close());

const revokeKey = (id: string) =>
  `mutation { revokeApiKey(input: { apiKeyId: "${id}" }) { userErrors { code } } }`;
const revokeSession = (id: string) =>
  `mutation { revokeSession(input: { sessionId: "${id}" }) { userErrors { code } } }`;

async function entries() {
  return testApp.database.query(
    sql`select action, actor_id as "actorId", tenant_id as "tenantId", target, result from audit_log order by action`,
  );
}

async function sessionIdOf(user: TestUser): Promise<string> {
  const [session] = await testApp.database.query<{ id: string }>(
    sql`select id from sessions where user_id = ${user.uuid}::uuid`,
  );
  return toPublicId('session', session?.id ?? '');
}

it("audit log: revoking one's own session or key leaves no entry", async () => {
  const owner = await aUser(testApp, tenant);
  const key = await anApiKey(testApp, tenant, owner);
  await testApp.data(revokeKey(key.id), { token: owner.token });
  await testApp.data(revokeSession(await sessionIdOf(owner)), { token: owner.token });

  expect(await entries()).toEqual([]);
});

it("audit log: an admin who revokes another's leaves one entry, the first time only", async () => {
  const owner = await aUser(testApp, tenant);
  const key = await anApiKey(testApp, tenant, owner);
  const sessionId = await sessionIdOf(owner);
  for (let time = 0; time < 2; time += 1) {
    await testApp.data(revokeKey(key.id), { token: admin.token });
    await testApp.data(revokeSession(sessionId), { token: admin.token });
    testApp.clock.advance(1);
  }
  const common = { actorId: admin.uuid, tenantId: tenant.uuid, result: 'OK' };

  expect(await entries()).toEqual([
    { ...common, action: 'revokeApiKey', target: key.id },
    { ...common, action: 'revokeSession', target: sessionId },
  ]);
});
