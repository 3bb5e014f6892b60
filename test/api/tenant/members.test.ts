import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { scopes } from '../../../src/domains/session/model.ts';
import { aMembership, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let people: Readonly<Record<'owner' | 'admin' | 'member' | 'guest' | 'stranger', TestUser>>;

beforeAll(async () => {
  testApp = await startTestApp();
});
afterAll(() => testApp.close());
beforeEach(async () => {
  tenant = await aTenant(testApp);
  people = {
    owner: await aUser(testApp, tenant, { role: 'OWNER' }),
    admin: await aUser(testApp, tenant, { role: 'ADMIN' }),
    member: await aUser(testApp, tenant),
    guest: await aUser(testApp, tenant, { role: 'GUEST' }),
    stranger: await aUser(testApp, await aTenant(testApp), { role: 'OWNER' }),
  };
});

const membership = 'membership { role permissions isActive joinedAt user { id email } tenant { id } }';
const update = async (userId: string, changes: Readonly<Record<string, unknown>>, { token }: TestUser) => {
  const data = await testApp.data(
    `mutation ($input: UpdateMembershipInput!) { updateMembership(input: $input) { ${membership} userErrors { code path } } }`,
    { token, variables: { input: { userId, ...changes } } },
  );
  return data.updateMembership;
};
const refusedWith = (code: string, ...path: string[]) => ({
  membership: null,
  userErrors: [{ code, path: ['input', ...path] }],
});
/** Whom the front door takes for an OWNER. */
const asOwner = (of: TestTenant, user: TestUser) => ({
  tenantId: of.uuid,
  userId: user.uuid,
  role: 'OWNER' as const,
  isPlatformAdmin: false,
  session: null,
  apiKeyId: null,
  scopes,
});
const suspend = ({ uuid }: TestUser) =>
  testApp.database.query(sql`update memberships set is_active = false
    where tenant_id = ${tenant.uuid}::uuid and user_id = ${uuid}::uuid`);

describe('updateMembership', () => {
  it('changes given fields and leaves the rest, visible in the next request', async () => {
    const rights = '{ users { totalCount } }';
    expect((await testApp.ask(rights, { token: people.member.token })).errors).toHaveLength(1);
    const promoted = await update(
      people.member.id,
      { role: 'ADMIN', permissions: ['a', 'b', 'a'] },
      people.owner,
    );

    expect(promoted.membership).toMatchObject({ role: 'ADMIN', permissions: ['a', 'b'], isActive: true });
    expect((await testApp.ask(rights, { token: people.member.token })).errors).toBeUndefined();
    const demoted = await update(people.member.id, { role: 'GUEST', permissions: null }, people.owner);
    expect(demoted.membership).toMatchObject({ role: 'GUEST', permissions: ['a', 'b'] });
    expect((await testApp.ask(rights, { token: people.member.token })).errors).toHaveLength(1);
  });

  it("suspends: the member's next request is rejected in that tenant only, until reinstated", async () => {
    const { member, stranger, admin } = people;
    await aMembership(testApp, tenant, stranger);
    const ask = (user: TestUser, headers = {}) =>
      testApp.ask('{ viewer { id } }', { token: user.token, headers });
    const here = { 'x-tenant': tenant.slug };
    expect([(await ask(member)).errors, (await ask(stranger, here)).errors]).toEqual([undefined, undefined]);
    await update(member.id, { isActive: false }, admin);
    await update(stranger.id, { isActive: false }, admin);

    expect((await ask(member)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await ask(stranger, here)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await ask(stranger)).errors).toBeUndefined();
    await update(member.id, { isActive: true }, admin);
    expect((await ask(member)).errors).toBeUndefined();
  });

  it.each([
    ['a suspended owner', 'owner', { isActive: true }, 'userId'],
    ['an owner', 'owner', { permissions: [] }, 'userId'],
    ['another admin', 'admin', { isActive: false }, 'userId'],
    ['a member who shall be an admin', 'member', { role: 'ADMIN' }, 'role'],
    ['a guest who shall be an owner', 'guest', { role: 'OWNER' }, 'role'],
  ] as const)('is not for an admin upon %s', async (_name, who, changes, field) => {
    const another = await aUser(testApp, tenant, { role: 'ADMIN' });

    expect(await update(people[who].id, changes, another)).toEqual(refusedWith('FORBIDDEN', field));
  });

  it.each([{ role: 'ADMIN' }, { role: 'GUEST' }, { isActive: false }])(
    'keeps the last active owner: %j',
    async (changes) => {
      const suspended = await aUser(testApp, tenant, { role: 'OWNER' });
      await suspend(suspended);
      const disabled = await aUser(testApp, tenant, { role: 'OWNER' });
      await testApp.database.query(sql`update users set is_active = false where id = ${disabled.uuid}::uuid`);

      expect(await update(people.owner.id, changes, people.owner)).toEqual(refusedWith('CONFLICT', 'userId'));
      expect((await update(people.owner.id, { permissions: ['x'] }, people.owner)).userErrors).toEqual([]);
    },
  );

  it('keeps one owner when two demote each other concurrently, 10 times', async () => {
    for (let round = 0; round < 10; round += 1) {
      const own = await aTenant(testApp);
      const [one, two] = [
        await aUser(testApp, own, { role: 'OWNER' }),
        await aUser(testApp, own, { role: 'OWNER' }),
      ];
      const { tenant: service } = testApp.app.services;
      // Not through HTTP, where a user who is demoted already, according to a cache, would be rejected
      // before.
      await Promise.allSettled([
        service.updateMembership(asOwner(own, two), { userId: one.id, role: 'MEMBER' }),
        service.updateMembership(asOwner(own, one), { userId: two.id, isActive: false }),
        service.updateMembership(asOwner(own, one), { userId: one.id, isActive: false }),
        service.updateMembership(asOwner(own, two), { userId: two.id, role: 'GUEST' }),
      ]);
      const owners = await testApp.database.query(sql`select from memberships
        where tenant_id = ${own.uuid}::uuid and role = 'OWNER' and is_active`);

      expect(owners).toHaveLength(1);
    }
  });

  it("checks the admin's role in the database, not in a cache", async () => {
    const { id } = people.guest;
    const demoted = asOwner(tenant, people.admin);
    const update = testApp.app.services.tenant.updateMembership(demoted, { userId: id, role: 'ADMIN' });

    await expect(update).rejects.toThrow('Only an OWNER');
  });

  it('answers for users of other tenants as for missing ones', async () => {
    for (const userId of [people.stranger.id, `user_${'0'.repeat(32)}`, 'nonsense']) {
      expect(await update(userId, { role: 'GUEST' }, people.owner)).toEqual(
        refusedWith('NOT_FOUND', 'userId'),
      );
    }
  });

  it('reports all input errors together', async () => {
    const permissions = ['fine', '', 'x'.repeat(101), 'a\u0000'];
    const { userErrors } = await update(people.guest.id, { permissions }, people.owner);

    expect(userErrors).toEqual(
      ['1', '2', '3'].map((index) => ({ code: 'BAD_USER_INPUT', path: ['input', 'permissions', index] })),
    );
  });
});

describe('updateMembership', () => {
  it.each(['member', 'guest'] as const)('is rejected for a %s, also for themselves', async (who) => {
    const { id, token } = people[who];
    for (const mutation of [`updateMembership(input: { userId: "${id}", role: GUEST })`]) {
      const answer = await testApp.ask(`mutation { ${mutation} { userErrors { code } } }`, { token });

      expect(answer.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }
  });
});
