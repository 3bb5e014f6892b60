import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aTenant, type TestTenant } from '../../support/builders.ts';
import { startIdentityProvider, issuer, type TestIdentityProvider } from '../../support/identity-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const hour = 3_600_000;
const who = `{ viewer { id email displayName profile { firstName }
  identity { provider externalId providerUpdatedAt lastSyncedAt } memberships { role tenant { slug } } } }`;

let provider: TestIdentityProvider;
let testApp: TestApp;
let tenant: TestTenant;
let subjects = 0;

beforeAll(async () => {
  provider = await startIdentityProvider();
  testApp = await startTestApp(provider.environment);
  provider.clock = testApp.clock;
  tenant = await aTenant(testApp, 'acme');
  await link(tenant, 'org_acme');
});
afterAll(async () => {
  await testApp.close();
  await provider.close();
});

const aSubject = () => `user_${(subjects += 1)}`;
const inAcme = { o: { id: 'org_acme', rol: 'member', slg: 'acme' } };

async function link({ uuid }: TestTenant, organisation: string): Promise<void> {
  await testApp.database.query(
    sql`update tenants set external_id = ${organisation} where id = ${uuid}::uuid`,
  );
}

async function ask(claims: Record<string, unknown>, tenantSlug?: string) {
  const token = await provider.token(claims);
  const headers = tenantSlug === undefined ? {} : { 'x-tenant': tenantSlug };
  const answer = await testApp.ask(who, { token, headers });
  return { viewer: answer.data?.viewer, code: answer.errors?.[0]?.extensions.code };
}

describe('a user known only to the identity provider', () => {
  it('becomes a member with the first request', async () => {
    const sub = aSubject();
    const updated = testApp.clock.now() - 1000;
    const { viewer } = await ask({
      sub,
      email: 'Grace@Example.org',
      email_verified: true,
      first_name: 'Grace',
      last_name: 'Hopper',
      updated_at: updated,
      ...inAcme,
    });

    expect(viewer).toMatchObject({
      email: 'Grace@example.org',
      displayName: 'Grace Hopper',
      identity: {
        provider: issuer,
        externalId: sub,
        providerUpdatedAt: new Date(updated).toISOString(),
        lastSyncedAt: new Date(testApp.clock.now()).toISOString(),
      },
      memberships: [{ role: 'MEMBER', tenant: { slug: 'acme' } }],
    });
  });

  it('becomes one user and one membership for 50 concurrent first requests', async () => {
    const sub = aSubject();
    const before = testApp.app.services.identity.statistics();
    const tokens = await Promise.all(
      Array.from({ length: 50 }, (_, index) => provider.token({ sub, jti: `${index}`, ...inAcme })),
    );
    const answers = await Promise.all(tokens.map((token) => testApp.data(who, { token })));
    const after = testApp.app.services.identity.statistics();
    const [count] = await testApp.database
      .query(sql`select count(distinct u.id) as users, count(*) as memberships
      from users u join memberships m on m.user_id = u.id where u.external_id = ${sub}`);

    expect(new Set(answers.map((answer) => answer.viewer.id)).size).toBe(1);
    expect(count).toEqual({ users: 1, memberships: 1 });
    expect(after.created - before.created).toBe(1);
    expect(after.attempted - before.attempted).toBe(50);
  });

  it.each([
    ['org:admin', 'ADMIN'],
    ['org:member', 'MEMBER'],
    ['org:something_else', 'GUEST'],
    ['org:constructor', 'GUEST'],
    [undefined, 'MEMBER'],
  ])('has the role that %s stands for', async (orgRole, role) => {
    const { viewer } = await ask({
      sub: aSubject(),
      org_id: 'org_acme',
      org_slug: 'acme',
      org_role: orgRole,
    });

    expect(viewer.memberships).toEqual([{ role, tenant: { slug: 'acme' } }]);
  });
});

describe('the stored identity', () => {
  it("is not written until the provider's data changes or an hour has passed", async () => {
    const sub = aSubject();
    const claims = { sub, first_name: 'Ann', updated_at: 1000, ...inAcme };
    await ask(claims);
    await ask(claims);

    const token = await provider.token({ ...claims, first_name: 'Anna', jti: 'another token' });
    await testApp.expectStatements(0, () => testApp.data('{ viewer { id } }', { token }));
    expect((await ask({ ...claims, first_name: 'Anna', updated_at: 1001 })).viewer.profile.firstName).toBe(
      'Anna',
    );
    const before = testApp.app.services.identity.statistics().performed;
    testApp.clock.advance(hour);
    await ask({ ...claims, first_name: 'Ann' });
    expect(testApp.app.services.identity.statistics().performed).toBe(before + 1);
    expect((await ask({ ...claims, first_name: 'Ann' })).viewer.profile.firstName).toBe('Anna');
  });
});
