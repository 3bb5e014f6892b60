import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createId } from '../../../src/platform/ids.ts';
import { aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../../support/identity-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const who = '{ viewer { id email profile { firstName lastName } memberships { role } } }';

let provider: TestIdentityProvider;
let testApp: TestApp;
let tenant: TestTenant;
let invited: TestUser;
let sub: string;

beforeAll(async () => {
  provider = await startIdentityProvider();
  testApp = await startTestApp(provider.environment);
  provider.clock = testApp.clock;
  tenant = await aTenant(testApp, 'acme');
  await testApp.database.query(
    sql`update tenants set external_id = 'org_acme' where id = ${tenant.uuid}::uuid`,
  );
});
beforeEach(async () => {
  sub = `user_${createId().slice(-12)}`;
  invited = await aUser(testApp, tenant, { role: 'ADMIN' });
  testApp.clock.advance(2000);
});
afterAll(async () => {
  await testApp.close();
  await provider.close();
});

async function ask(claims: Record<string, unknown> = {}, role = 'member') {
  const token = await provider.token({ sub, o: { id: 'org_acme', rol: role, slg: 'acme' }, ...claims });
  const answer = await testApp.ask(who, { token });
  return { viewer: answer.data?.viewer, code: answer.errors?.[0]?.extensions.code };
}

async function change(statement: ReturnType<typeof sql>): Promise<void> {
  await testApp.database.query(statement);
  await testApp.app.coherence.waitForInvalidation();
}

describe("an account with the user's email address", () => {
  it('is linked when the provider has verified the address, in any case', async () => {
    const { viewer } = await ask({ email: invited.email.toUpperCase(), email_verified: true });

    expect(viewer).toMatchObject({ id: invited.id, email: invited.email, memberships: [{ role: 'ADMIN' }] });
  });

  it.each([false, 'false', undefined, 'yes', 1])(
    'is not linked when email_verified is %j',
    async (isVerified) => {
      const { viewer } = await ask({ email: invited.email, email_verified: isVerified });

      expect(viewer.id).not.toBe(invited.id);
      expect(viewer.email).toBeNull();
    },
  );

  it('is not linked when another user of the provider has it', async () => {
    await ask({ email: invited.email, email_verified: true });

    expect(await ask({ sub: `${sub}_2`, email: invited.email, email_verified: true })).toEqual({
      viewer: undefined,
      code: 'UNAUTHENTICATED',
    });
  });

  it("is not linked when it is a platform admin's", async () => {
    await change(sql`update users set is_platform_admin = true where id = ${invited.uuid}::uuid`);

    expect((await ask({ email: invited.email, email_verified: true })).code).toBe('UNAUTHENTICATED');
  });

  it('stays suspended', async () => {
    await change(sql`update users set is_active = false where id = ${invited.uuid}::uuid`);

    expect((await ask({ email: invited.email, email_verified: true })).code).toBe('UNAUTHENTICATED');
  });

  it('keeps its address when a known user adopts it at the provider', async () => {
    const own = { email: `${sub}@example.org`, email_verified: true, updated_at: 1000 };
    await ask(own);
    const { viewer } = await ask({ ...own, email: invited.email, first_name: 'Ann', updated_at: 2000 });

    expect(viewer).toMatchObject({ email: own.email, profile: { firstName: 'Ann' } });
  });

  it('is linked without email_verified when the provider always verifies', async () => {
    const other = await startTestApp({ ...provider.environment, IDENTITY_EMAILS_VERIFIED: 'true' });
    const home = await aTenant(other, 'acme', 'org_acme');
    const account = await aUser(other, home);
    const claims = {
      o: { id: 'org_acme', slg: 'acme' },
      email: account.email,
      exp: testApp.clock.now() / 1000 + 600,
    };
    const tokens = await Promise.all([
      provider.token({ ...claims, sub: 'user_liar', email_verified: false, iat: 1 }),
      provider.token({ ...claims, sub, iat: 1, nbf: 1 }),
    ]);
    const answers = [];
    for (const token of tokens)
      answers.push((await other.ask(who, { token })).data?.viewer?.id === account.id);
    await other.close();

    expect(answers).toEqual([false, true]);
  });
});

describe('a role', () => {
  const roleNow = async (providerRole: string) => (await ask({}, providerRole)).viewer.memberships[0].role;
  const setRole = (role: string) =>
    change(sql`update memberships set role = ${role}::role
      where user_id = (select id from users where external_id = ${sub})`);

  it("changes when the provider's value changes", async () => {
    const before = await roleNow('member');
    testApp.clock.advance(1000);

    expect([before, await roleNow('admin')]).toEqual(['MEMBER', 'ADMIN']);
  });

  it("that was assigned in Parley stays while the provider's value is unchanged", async () => {
    await roleNow('member');
    await setRole('ADMIN');
    testApp.clock.advance(2 * 3_600_000);

    expect(await roleNow('member')).toBe('ADMIN');
  });

  it('of an owner is never changed by the provider', async () => {
    await roleNow('member');
    await setRole('OWNER');
    testApp.clock.advance(1000);
    const promoted = await roleNow('admin');
    testApp.clock.advance(1000);

    expect([promoted, await roleNow('member')]).toEqual(['OWNER', 'OWNER']);
  });

  it('in an older token changes nothing', async () => {
    const iat = Math.floor(testApp.clock.now() / 1000);
    await ask({ iat }, 'admin');

    expect((await ask({ iat: iat - 1, jti: 'older' }, 'member')).viewer.memberships[0].role).toBe('ADMIN');
  });

  it.each([
    ['editor', 'MEMBER'],
    ['org:guest', 'GUEST'],
    ['admin', 'GUEST'],
  ])('of the provider called %s is the one that is set for it', async (providerRole, role) => {
    const other = await startTestApp({
      ...provider.environment,
      IDENTITY_ROLE_MAP: 'org:editor=MEMBER, guest=GUEST,admin=GUEST',
    });
    await aTenant(other, 'acme', 'org_acme');
    const exp = testApp.clock.now() / 1000 + 600;
    const token = await provider.token({
      sub,
      iat: 1,
      nbf: 1,
      exp,
      org_id: 'org_acme',
      org_slug: 'acme',
      org_role: providerRole,
    });
    const { viewer } = await other.data(who, { token });
    await other.close();

    expect(viewer.memberships).toEqual([{ role }]);
  });
});

describe('a member suspended in Parley', () => {
  it.each([
    ['user', sql`update users set is_active = false where external_id = `],
    [
      'membership',
      sql`update memberships m set is_active = false from users u where u.id = m.user_id and u.external_id = `,
    ],
  ])('as a %s is rejected immediately, no matter what the provider says', async (_name, suspend) => {
    await ask();
    await change(sql`${suspend}${sub}`);
    testApp.clock.advance(1000);
    const codes = [await ask(), await ask({ updated_at: testApp.clock.now() }, 'admin')].map(
      ({ code }) => code,
    );
    testApp.clock.advance(2 * 3_600_000);

    expect([...codes, (await ask()).code]).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED', 'UNAUTHENTICATED']);
  });
});

describe('a profile changed in Parley', () => {
  it("stays until the provider's value changes", async () => {
    await ask({ first_name: 'Ann', last_name: 'Lee', updated_at: 1000 });
    await change(sql`update users set first_name = 'Annie' where external_id = ${sub}`);
    testApp.clock.advance(2 * 3_600_000);
    const unchanged = await ask({ first_name: 'Ann', last_name: 'Lee', updated_at: 1000 });
    const changed = await ask({ given_name: 'Anna', updated_at: '2026-01-01T00:00:00Z' });

    expect(unchanged.viewer.profile).toEqual({ firstName: 'Annie', lastName: 'Lee' });
    expect(changed.viewer.profile).toEqual({ firstName: 'Anna', lastName: 'Lee' });
  });
});

describe('the identity of a user', () => {
  it('is visible to the user and tenant admins, from the cached profile', async () => {
    const { viewer } = await ask({ updated_at: 1_700_000_000 });
    const query = `{ user(id: "${viewer.id}") { identity { externalId providerUpdatedAt } } }`;
    const member = await aUser(testApp, tenant);
    await testApp.data(query, { token: invited.token });
    const shown = await testApp.expectStatements(0, () => testApp.data(query, { token: invited.token }));

    expect(shown.user.identity).toEqual({ externalId: sub, providerUpdatedAt: '2023-11-14T22:13:20.000Z' });
    expect((await testApp.data(query, { token: member.token })).user.identity).toBeNull();
  });
});
