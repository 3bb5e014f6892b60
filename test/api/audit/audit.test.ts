import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mergeAccess } from '../../../src/graphql/merge-domains.ts';
import { createId, toPublicId } from '../../../src/platform/ids.ts';
import { aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

/** A mutation that goes well, and how its entry looks. */
interface Done {
  readonly input: () => Readonly<Record<string, unknown>>;
  readonly target: () => unknown;
  readonly details: unknown;
}

let testApp: TestApp;
let tenant: TestTenant;
let empty: TestTenant;
let admin: TestUser;
let member: TestUser;
let colleague: TestUser;
const invitationId = createId();

/** For a mutation that can be told nothing. */
const withoutInput = { input: () => ({}), target: () => null, details: {} };

/** One for each mutation for admins: what is missing here fails the test. */
const doneByAdmins: Readonly<Record<string, Done>> = {
  cleanupExpiredData: withoutInput,
  createTenant: {
    input: () => ({ slug: 'new-tenant', name: 'New' }),
    target: () => expect.stringMatching(/^tenant_/),
    details: { slug: 'new-tenant' },
  },
  createUser: {
    input: () => ({ email: 'account@new.example', tenantId: tenant.id, role: 'MEMBER' }),
    target: () => expect.stringMatching(/^user_/),
    details: { tenantId: expect.stringMatching(/^tenant_/), role: 'MEMBER', isPlatformAdmin: false },
  },
  deleteTenant: {
    input: () => ({ tenantId: empty.id, slug: empty.slug }),
    target: () => empty.id,
    details: { slug: 'empty' },
  },
  invalidateCache: {
    input: () => ({ cache: 'SETTINGS', key: 'app' }),
    target: () => 'SETTINGS',
    details: { isOneEntry: true, dryRun: false },
  },
  inviteMember: {
    input: () => ({ email: 'invited@new.example', role: 'GUEST' }),
    target: () => expect.stringMatching(/^invitation_/),
    details: { role: 'GUEST' },
  },
  revokeInvitation: {
    input: () => ({ invitationId: toPublicId('invitation', invitationId) }),
    target: () => toPublicId('invitation', invitationId),
    details: {},
  },
  liftSignInLimit: {
    input: () => ({ userId: colleague.id }),
    target: () => colleague.id,
    details: {},
  },
  refreshStatistics: withoutInput,
  renameTenant: {
    input: () => ({ tenantId: tenant.id, slug: 'renamed', name: 'Renamed' }),
    target: () => tenant.id,
    details: { slug: 'renamed' },
  },
  setUserActive: {
    input: () => ({ userId: colleague.id, isActive: true }),
    target: () => colleague.id,
    details: { isActive: true },
  },
  setUserPassword: {
    input: () => ({ userId: colleague.id, password: 'correct horse battery' }),
    target: () => colleague.id,
    details: { isToken: false },
  },
  setModelEnabled: {
    input: () => ({ modelId: 'model_one', isEnabled: false }),
    target: () => 'model_one',
    details: { isEnabled: false },
  },
  updateMembership: {
    input: () => ({ userId: colleague.id, isActive: true }),
    target: () => colleague.id,
    details: {
      before: { role: 'MEMBER', permissions: [], isActive: true },
      after: { role: 'MEMBER', permissions: [], isActive: true },
    },
  },
  updateSettings: {
    input: () => ({ maxMessageLength: 7000 }),
    target: () => 'settings',
    details: { maxMessageLength: 7000 },
  },
  upsertModel: {
    input: () => ({ slug: 'two', name: 'Two', provider: 'Test', contextWindow: 10 }),
    target: () => 'model_two',
    details: expect.objectContaining({ name: 'Two', contextWindow: 10 }),
  },
  warmCaches: {
    input: () => ({ userIds: [admin.id], recentlyActive: 5 }),
    target: () => null,
    details: { userIds: 1, recentlyActive: 5 },
  },
};

const mutations = Object.entries(mergeAccess().Mutation)
  .filter(([, { scope }]) => scope === 'admin')
  .map(([name]) => name)
  .toSorted();

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  empty = await aTenant(testApp, 'empty');
  admin = await aUser(testApp, tenant, { role: 'OWNER', isPlatformAdmin: true });
  member = await aUser(testApp, tenant);
  colleague = await aUser(testApp, tenant);
  await testApp.database
    .query(sql`insert into invitations (tenant_id, id, email, role, invited_by_id, expires_at)
    values (${tenant.uuid}::uuid, ${invitationId}::uuid, 'open@new.example', 'GUEST', ${admin.uuid}::uuid, '2030-01-01')`);
  await testApp.database.query(
    sql`insert into models (slug, name, provider, context_window) values ('one', 'One', 'Test', 1000)`,
  );
});
afterAll(() => testApp.close());
beforeEach(async () => {
  await testApp.database.query(sql`delete from audit_log`);
});

describe('the audit log', () => {
  it('covers every admin mutation', () => {
    expect(Object.keys(doneByAdmins).toSorted()).toEqual(mutations);
  });

  it.each(mutations)("records an admin's mutation: %s", async (mutation) => {
    const done = doneByAdmins[mutation];
    const payload = await run(mutation, done?.input() ?? {}, admin);

    expect(payload.data[mutation].userErrors).toEqual([]);
    expect(await entries()).toEqual([
      {
        tenantId: tenant.uuid,
        actorId: admin.uuid,
        action: mutation,
        target: done?.target(),
        result: 'OK',
        details: done?.details,
        createdAt: new Date(testApp.clock.now()),
      },
    ]);
  });

  it.each(mutations)('records a rejected member: %s', async (mutation) => {
    const answer = await run(mutation, doneByAdmins[mutation]?.input() ?? {}, member);

    expect(answer.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(await entries()).toEqual([
      expect.objectContaining({
        actorId: member.uuid,
        action: mutation,
        result: 'FORBIDDEN',
        details: {},
      }),
    ]);
  });

  it("records an admin's rejected mutation, with its target", async () => {
    const modelId = 'model_none';
    await run('setModelEnabled', { modelId, isEnabled: true }, admin);
    await run('updateSettings', { maxMessageLength: 0 }, admin);

    expect((await entries()).map(({ action, target, result }) => [action, target, result])).toEqual([
      ['setModelEnabled', modelId, 'NOT_FOUND'],
      ['updateSettings', null, 'BAD_USER_INPUT'],
    ]);
  });

  it('records no anonymous callers', async () => {
    await Promise.all(
      mutations.map((mutation) => run(mutation, doneByAdmins[mutation]?.input() ?? {}, null)),
    );

    expect(await entries()).toEqual([]);
  });

  it('stores an entry in the transaction of its change', async () => {
    await testApp.database.query(
      sql`alter table audit_log add constraint nothing_more check (action <> 'updateSettings')`,
    );
    const answer = await run('updateSettings', { maxMessageLength: 1234 }, admin);
    await testApp.database.query(sql`alter table audit_log drop constraint nothing_more`);
    const [row] = await testApp.database.query<{ length: number }>(
      sql`select max_message_length as length from app_settings`,
    );

    expect(answer.errors?.[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    expect(row?.length).not.toBe(1234);
  });
});

async function run(
  mutation: string,
  input: Readonly<Record<string, unknown>>,
  user: TestUser | null,
): Promise<Awaited<ReturnType<TestApp['ask']>>> {
  if (doneByAdmins[mutation] === withoutInput) {
    return testApp.ask(`mutation { ${mutation} { userErrors { code message path } } }`, {
      token: user?.token,
    });
  }
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`;
  return testApp.ask(
    `mutation ($input: ${type}) { ${mutation}(input: $input) { userErrors { code message path } } }`,
    { token: user?.token, variables: { input } },
  );
}

async function entries(): Promise<Record<string, unknown>[]> {
  return testApp.database.query(sql`select tenant_id as "tenantId", actor_id as "actorId", action, target,
    result, details, created_at as "createdAt" from audit_log order by id`);
}
