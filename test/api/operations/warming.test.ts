import sql from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aMembership, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let admin: TestUser;

beforeEach(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  admin = await aUser(testApp, tenant, { isPlatformAdmin: true });
});
afterEach(() => testApp.close());

const everything = '{ viewer { displayName email } settings { maxMessageLength } models { id } }';

async function warmCaches(input: string): Promise<Record<string, number>> {
  const { warmCaches: payload } = await testApp.data(
    `mutation { warmCaches(input: ${input}) { caches { cache loaded } userErrors { message } } }`,
    { token: admin.token },
  );
  expect(payload.userErrors).toEqual([]);
  return Object.fromEntries(
    payload.caches.map((each: { cache: string; loaded: number }) => [each.cache, each.loaded]),
  );
}

async function seenAt(user: TestUser, minutesAgo: number): Promise<void> {
  const at = new Date(testApp.clock.now() - minutesAgo * 60_000);
  await testApp.database.query(
    sql`update sessions set last_seen_at = ${at} where user_id = ${user.uuid}::uuid`,
  );
}

describe('warmCaches', () => {
  it('loads the named users, whose first requests then cost no statements', async () => {
    const [ada, bob] = [await aUser(testApp, tenant), await aUser(testApp, tenant)];
    await aMembership(testApp, await aTenant(testApp), ada);

    expect(await warmCaches(`{ userIds: ["${ada.id}", "${bob.id}", "${ada.id}"] }`)).toEqual({
      SETTINGS: 1,
      MODELS: 1,
      PROFILES: 3,
      SESSIONS: 3,
      API_KEYS: 0,
      IDENTITIES: 0,
    });
    await testApp.expectStatements(0, () => testApp.data(everything, { token: ada.token }));
    await testApp.expectStatements(0, () => testApp.data(everything, { token: bob.token }));
  });

  it('loads the most recently active users, and nothing that is cached already', async () => {
    const people = [await aUser(testApp, tenant), await aUser(testApp, tenant), await aUser(testApp, tenant)];
    const [first, second, third] = people;
    if (first === undefined || second === undefined || third === undefined) throw new Error('unreachable');
    await seenAt(second, 1);
    await seenAt(third, 2);
    await seenAt(first, 3);
    await seenAt(admin, 4);

    expect(await warmCaches('{ recentlyActive: 2 }')).toMatchObject({ PROFILES: 2, SESSIONS: 2 });
    expect(await warmCaches('{ recentlyActive: 3 }')).toEqual({
      SETTINGS: 0,
      MODELS: 0,
      PROFILES: 1,
      SESSIONS: 1,
      API_KEYS: 0,
      IDENTITIES: 0,
    });
  });

  it('loads users of an identity provider by their last token', async () => {
    const person = await aUser(testApp, tenant);
    await testApp.database.query(sql`delete from sessions where user_id = ${person.uuid}::uuid`);
    await testApp.database
      .query(sql`update users set identity_synced_at = ${new Date(testApp.clock.now() + 1000)}
      where id = ${person.uuid}::uuid`);

    expect(await warmCaches('{ recentlyActive: 1 }')).toMatchObject({ PROFILES: 1, SESSIONS: 0 });
  });

  it('excludes expired sessions and ended memberships', async () => {
    const person = await aUser(testApp, tenant);
    await testApp.database.query(
      sql`update sessions set revoked_at = now() where user_id = ${person.uuid}::uuid`,
    );
    const former = await aUser(testApp, tenant);
    await testApp.database.query(
      sql`update memberships set is_active = false where user_id = ${former.uuid}::uuid`,
    );

    expect(await warmCaches(`{ userIds: ["${person.id}", "${former.id}"] }`)).toMatchObject({
      PROFILES: 1,
      SESSIONS: 0,
    });
  });

  it("reports every ID that is not a user's, and limits the number of IDs", async () => {
    const { warmCaches: payload } = await testApp.data(
      `mutation { warmCaches(input: { userIds: ["x", "${admin.id}", "tenant_1"], recentlyActive: 10001 }) {
        caches { cache } userErrors { message path } } }`,
      { token: admin.token },
    );

    expect(payload.caches).toEqual([]);
    expect(payload.userErrors).toEqual([
      { message: '`userIds.0` is not the id of a user.', path: ['input', 'userIds', '0'] },
      { message: '`userIds.2` is not the id of a user.', path: ['input', 'userIds', '2'] },
      { message: '`recentlyActive` must be at most 10000.', path: ['input', 'recentlyActive'] },
    ]);
  });

  it('is rejected for tenant owners', async () => {
    const owner = await aUser(testApp, tenant, { role: 'OWNER' });
    const answer = await testApp.ask('mutation { warmCaches(input: {}) { caches { cache } } }', {
      token: owner.token,
    });

    expect(answer.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});

describe('warming many users', () => {
  it('takes eight statements per five hundred', async () => {
    const { database, app } = testApp;
    await database.query(sql`with person as (
        insert into users (id, email, external_id, identity_synced_at)
        select gen_random_uuid(), 'p' || n || '@example.org', 'person_' || n, now()
        from generate_series(1, 1200) n returning id
      ), member as (
        insert into memberships (tenant_id, user_id) select ${tenant.uuid}::uuid, id from person returning user_id
      ), key as (
        insert into api_keys (tenant_id, id, user_id, name, prefix, key_hash)
        select ${tenant.uuid}::uuid, gen_random_uuid(), user_id, 'key', 'parley', sha256(user_id::text::bytea) from member
      )
      insert into sessions (tenant_id, id, user_id, token_hash, expires_at)
      select ${tenant.uuid}::uuid, gen_random_uuid(), user_id, sha256(user_id::text::bytea),
        ${new Date(testApp.clock.now() + 1000)} from member`);

    // The settings, the models, and who was here last; then 500, 500 and 201 people.
    const caches = await testApp.expectStatements(3 + 3 * 8, () =>
      app.warming.warm({ recentlyActive: 10_000 }),
    );

    expect(caches).toContainEqual({ cache: 'PROFILES', loaded: 1201 });
    expect(caches).toContainEqual({ cache: 'SESSIONS', loaded: 1201 });
    expect(caches).toContainEqual({ cache: 'API_KEYS', loaded: 1200 });
    expect(caches).toContainEqual({ cache: 'IDENTITIES', loaded: 1200 });
  });
});
