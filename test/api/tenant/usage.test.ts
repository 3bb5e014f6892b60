import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aConversation,
  aMembership,
  aTenant,
  aUser,
  type TestTenant,
  type TestUser,
} from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const hour = 3_600_000;

let testApp: TestApp;
let tenant: TestTenant;
let admin: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  admin = await aUser(testApp, tenant, { role: 'ADMIN' });
});
afterAll(() => testApp.close());

const query = `{ tenant { usage { members activeSessions conversations messages messagesLast24Hours messagesLast30Days } } }`;

describe('Tenant.usage', () => {
  it("counts the tenant's own activity in one statement", async () => {
    const { database, clock } = testApp;
    const [member, suspended] = [await aUser(testApp, tenant), await aUser(testApp, tenant)];
    await database.query(
      sql`update memberships set is_active = false where user_id = ${suspended.uuid}::uuid`,
    );
    await database.query(sql`update sessions set revoked_at = now() where user_id = ${suspended.uuid}::uuid`);
    await database.query(
      sql`update sessions set expires_at = ${new Date(clock.now())} where user_id = ${member.uuid}::uuid`,
    );
    const [recent] = [
      await aConversation(testApp, tenant, { messages: ['now', 'a day ago', 'more', 'a month ago', 'more'] }),
      await aConversation(testApp, tenant, { messages: [] }),
    ];
    const ages = [0, 24 * hour - 1, 24 * hour, 30 * 24 * hour - 1, 30 * 24 * hour];
    await database.query(sql`update messages m set created_at = age.at
      from unnest(${ages.map((age) => new Date(clock.now() - age))}::timestamptz[]) with ordinality as age(at, position)
      where m.conversation_id = ${recent.uuid}::uuid and m.position = age.position`);
    const other = await aTenant(testApp);
    await aUser(testApp, other);
    await aConversation(testApp, other, { messages: ['elsewhere'] });
    await testApp.data('{ tenant { id } }', { token: admin.token });
    const data = await testApp.expectStatements(2, () => testApp.data(query, { token: admin.token }));

    expect(data.tenant.usage).toEqual({
      members: 2,
      activeSessions: 1,
      conversations: 2,
      messages: 5,
      messagesLast24Hours: 2,
      messagesLast30Days: 4,
    });
  });

  it.each(['MEMBER', 'GUEST'] as const)('is rejected for a %s', async (role) => {
    const { token } = await aUser(testApp, tenant, { role });
    const answer = await testApp.ask(query, { token });

    expect(answer.data).toEqual({ tenant: { usage: null } });
    expect(answer.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it("is null for a tenant other than the request's, also for its admins", async () => {
    const other = await aTenant(testApp);
    await aMembership(testApp, other, admin, 'OWNER');
    await aConversation(testApp, other, { messages: ['elsewhere'] });
    const data = await testApp.data(
      `{ node(id: "${other.id}") { ... on Tenant { slug usage { members messages } } } }`,
      { token: admin.token },
    );

    expect(data.node).toEqual({ slug: other.slug, usage: { members: 0, messages: 0 } });
  });

  it('reads only messages of the last 30 days, by an index', async () => {
    const busy = await aTenant(testApp);
    const { token } = await aUser(testApp, busy, { role: 'OWNER' });
    const { uuid } = await aConversation(testApp, busy);
    await testApp.database
      .query(sql`insert into messages (tenant_id, conversation_id, id, position, content, created_at)
      select ${busy.uuid}::uuid, ${uuid}::uuid, gen_random_uuid(), n, 'old',
        ${new Date(testApp.clock.now())}::timestamptz - n * interval '1 day' from generate_series(1, 5000) n`);
    await testApp.database.query(sql`analyze messages`);
    const texts: string[] = [];
    const stop = testApp.database.observe(({ text }) => texts.push(text));
    const data = await testApp.data(query, { token }).finally(stop);
    const { rows } = await testApp.database.pool.query<{ 'QUERY PLAN': unknown }>(
      `explain (generic_plan, format json) ${texts.find((text) => text.includes('messagesLast24Hours'))}`,
    );

    expect(data.tenant.usage).toMatchObject({ messagesLast24Hours: 0, messagesLast30Days: 29 });
    expect(JSON.stringify(rows)).toContain('messages_tenant_id_created_at_idx');
  });
});
