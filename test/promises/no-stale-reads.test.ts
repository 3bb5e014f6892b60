import sql from 'sql-template-tag';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { mergeAccess } from '../../src/graphql/merge-domains.ts';
import { createOneTimeToken } from '../../src/domains/account/model.ts';
import { scopes } from '../../src/domains/session/model.ts';
import { createId, toPublicId } from '../../src/platform/ids.ts';
import { hashPassword } from '../../src/platform/security/passwords.ts';
import { eavesdrop, namesIn, type Eavesdropper } from '../support/announcements.ts';
import { aConversation, anApiKey, aTenant, aUser } from '../support/builders.ts';
import type { TestTenant, TestUser } from '../support/builders.ts';
import { CleanUps } from '../support/embedded.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const cleanUps = new CleanUps();
const password = 'correct horse battery staple';
let testApp: TestApp;
let eavesdropper: Eavesdropper;
let tenant: TestTenant;
let admin: TestUser;
let member: TestUser;

beforeAll(async () => {
  // Nothing listens there: mail is sent after the response.
  testApp = await startTestApp({
    SMTP_URL: 'smtp://127.0.0.1:1',
    MAIL_FROM: 'parley@example.org',
    SIGN_UP_TENANTS: 'true',
  });
  await testApp.database.query(sql`insert into app_settings (id, sign_up_enabled) values (1, true)
    on conflict (id) do update set sign_up_enabled = true`);
  eavesdropper = await eavesdrop(cleanUps, testApp.database.url);
});
afterAll(async () => {
  await cleanUps.run();
  await testApp.close();
});
beforeEach(async () => {
  tenant = await aTenant(testApp);
  const passwordHash = await hashPassword(password);
  admin = await aUser(testApp, tenant, { role: 'OWNER', isPlatformAdmin: true, passwordHash });
  member = await aUser(testApp, tenant);
});
afterEach(() => vi.restoreAllMocks());

const aThread = () => aConversation(testApp, tenant, { owner: admin, author: admin, messages: ['one'] });
const aModel = () =>
  testApp.database.query(sql`insert into models (slug, name, provider, context_window)
    values ('one', 'One', 'Test', 1) on conflict (slug) do update set is_enabled = true`);
const anExpiredSession = () =>
  testApp.database.query(sql`update sessions set expires_at = now() - interval '10 years'
    where user_id = ${member.uuid}::uuid`);
const sessionIdOf = async ({ token }: TestUser) => {
  const { viewer } = await testApp.data('{ viewer { sessions { nodes { id } } } }', { token });
  return viewer.sessions.nodes[0].id;
};

async function aToken(purpose: 'SIGN_UP' | 'VERIFY_EMAIL', email: string, userId: string | null = null) {
  await testApp.database.query(sql`update users set email_verified_at = null where email = ${email}`);
  const use = { purpose, email, userId, invitation: null, isMailed: true };
  const { token, stored } = createOneTimeToken(use, testApp.clock.now());
  await testApp.app.queries.account.addToken(stored);
  return token;
}

type Input = Readonly<Record<string, unknown>>;

/** What each mutation is told so that it does something; null for those that are told nothing. */
const inputs: Readonly<Record<string, () => Promise<Input | null>>> = {
  addParticipant: async () => ({ conversationId: (await aThread()).id, userId: member.id }),
  cleanupExpiredData: async () => (await anExpiredSession(), null),
  completeOnboarding: async () => null,
  createApiKey: async () => ({ name: 'robot', scopes: ['read'] }),
  createConversation: async () => ({ title: 'New' }),
  createTenant: async () => ({ slug: `t-${member.uuid}`, name: 'T' }),
  createUser: async () => ({ email: `created-${member.email}`, tenantId: tenant.id, role: 'MEMBER' }),
  deleteTenant: async () => {
    const { id, slug } = await aTenant(testApp);
    return { tenantId: id, slug };
  },
  deleteConversation: async () => ({ conversationId: (await aThread()).id }),
  deleteMessage: async () => ({ messageId: (await aThread()).messageIds[0] }),
  editMessage: async () => ({ messageId: (await aThread()).messageIds[0], content: 'two' }),
  acceptInvitation: async () => {
    const id = createId();
    const inviting = await aTenant(testApp);
    const owner = await aUser(testApp, inviting, { role: 'OWNER' });
    await testApp.database
      .query(sql`insert into invitations (tenant_id, id, email, role, invited_by_id, expires_at)
      values (${inviting.uuid}::uuid, ${id}::uuid, ${admin.email}, 'GUEST', ${owner.uuid}::uuid, '2030-01-01')`);
    return { invitationId: toPublicId('invitation', id) };
  },
  changePassword: async () => ({ currentPassword: password, newPassword: 'another horse battery' }),
  inviteMember: async () => ({ email: `new-${member.email}`, role: 'MEMBER' }),
  requestEmailVerification: async () => null,
  requestPasswordReset: async () => ({ email: member.email }),
  requestSignUp: async () => ({ email: `new-${member.email}` }),
  resetPassword: async () => {
    const { administration } = testApp.app.services;
    const { token } = await administration.setPassword(null, { userId: member.id });
    return { token, newPassword: 'another horse battery' };
  },
  revokeInvitation: async () => {
    const input = { email: `other-${member.email}`, role: 'MEMBER' };
    const viewer = {
      tenantId: tenant.uuid,
      userId: admin.uuid,
      role: 'OWNER',
      isPlatformAdmin: true,
    } as const;
    const { account } = testApp.app.services;
    const { invitation } = await account.invite(
      { ...viewer, session: null, apiKeyId: null, scopes },
      'T',
      input,
    );
    return { invitationId: toPublicId('invitation', invitation.id) };
  },
  signUp: async () => ({
    token: await aToken('SIGN_UP', `signs-up-${member.email}`),
    password,
    tenantSlug: `own-${member.uuid}`,
  }),
  verifyEmail: async () => ({ token: await aToken('VERIFY_EMAIL', admin.email, admin.uuid) }),
  invalidateCache: async () => ({ userId: member.id }),
  liftSignInLimit: async () => ({ userId: member.id }),
  refreshStatistics: async () => null,
  renameTenant: async () => ({ tenantId: tenant.id, name: 'Renamed' }),
  removeParticipant: async () => {
    const options = { owner: admin, participants: [admin, member] };
    return { conversationId: (await aConversation(testApp, tenant, options)).id, userId: member.id };
  },
  revokeApiKey: async () => ({ apiKeyId: (await anApiKey(testApp, tenant, admin)).id }),
  revokeSession: async () => ({ sessionId: await sessionIdOf(member) }),
  sendMessage: async () => ({ conversationId: (await aThread()).id, content: 'two' }),
  setUserActive: async () => ({ userId: member.id, isActive: false }),
  setUserPassword: async () => ({ userId: member.id, password }),
  setModelEnabled: async () => (await aModel(), { modelId: 'model_one', isEnabled: false }),
  signIn: async () => ({ email: admin.email, password }),
  signOut: async () => null,
  updateConversation: async () => ({ conversationId: (await aThread()).id, title: 'Another' }),
  updateMembership: async () => ({ userId: member.id, role: 'GUEST' }),
  updateProfile: async () => ({ firstName: 'Zoe' }),
  updateSettings: async () => ({ maxMessageLength: 1000 + Math.ceil(Math.random() * 1000) }),
  upsertModel: async () => ({ slug: `m-${member.uuid}`, name: 'M', provider: 'Test', contextWindow: 1 }),
  warmCaches: async () => ({ recentlyActive: 1 }),
};

/** Those that change what caches hold. */
const announcing = [
  'acceptInvitation',
  'changePassword',
  'cleanupExpiredData',
  'completeOnboarding',
  'createUser',
  'deleteTenant',
  'invalidateCache',
  'renameTenant',
  'resetPassword',
  'revokeApiKey',
  'revokeSession',
  'setModelEnabled',
  'setUserActive',
  'setUserPassword',
  'signIn',
  'signOut',
  'signUp',
  'updateMembership',
  'updateProfile',
  'updateSettings',
  'upsertModel',
  'verifyEmail',
];

/** Does it, and answers what was announced before it last began to waitForInvalidation, and what after. */
async function announcedBy(mutation: string): Promise<{ before: string[]; after: string[] }> {
  const input = (await inputs[mutation]?.()) ?? null;
  await eavesdropper.announced();
  const { coherence } = testApp.app;
  const waitForInvalidation = coherence.waitForInvalidation.bind(coherence);
  const before: string[] = [];
  vi.spyOn(coherence, 'waitForInvalidation').mockImplementation(async () => {
    before.push(...(await eavesdropper.announced()));
    return waitForInvalidation();
  });
  const field = `${mutation}${input === null ? '' : '(input: $input)'} { userErrors { code message path } }`;
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`;
  const data = await testApp.data(`mutation ${input === null ? '' : `($input: ${type})`} { ${field} }`, {
    token: admin.token,
    variables: { input },
  });
  expect(data[mutation].userErrors).toEqual([]);
  return { before: namesIn(before), after: namesIn(await eavesdropper.announced()) };
}

describe('a mutation is acknowledged only when no process returns the old value', () => {
  it('is tested for every mutation', () => {
    expect(Object.keys(inputs).toSorted()).toEqual(Object.keys(mergeAccess().Mutation).toSorted());
  });

  it.each(Object.keys(mergeAccess().Mutation))('%s', async (mutation) => {
    const { before, after } = await announcedBy(mutation);

    expect(after).toEqual([]);
    expect(before.length > 0).toBe(announcing.includes(mutation));
  });
});

describe('a reinstated user', () => {
  it('is accepted from the next request on, with the same API key', async () => {
    const key = await anApiKey(testApp, tenant, member);
    const mayAsk = async () =>
      (await testApp.ask('{ viewer { id } }', { token: key.secret })).errors === undefined;
    const setActive = (isActive: boolean) =>
      testApp.data(
        `mutation ($input: UpdateMembershipInput!) { updateMembership(input: $input) { userErrors { code } } }`,
        { token: admin.token, variables: { input: { userId: member.id, isActive } } },
      );
    const before = await mayAsk();
    await setActive(false);
    const suspended = await mayAsk();
    await setActive(true);

    expect([before, suspended, await mayAsk()]).toEqual([true, false, true]);
  });

  it('is accepted from the next request on, with the same session', async () => {
    const mayAsk = async () =>
      (await testApp.ask('{ viewer { id } }', { token: member.token })).errors === undefined;
    const setActive = async (isActive: boolean) => {
      await testApp.database.query(
        sql`update users set is_active = ${isActive} where id = ${member.uuid}::uuid`,
      );
      await testApp.app.coherence.waitForInvalidation();
    };
    const before = await mayAsk();
    await setActive(false);
    const suspended = await mayAsk();
    await setActive(true);

    expect([before, suspended, await mayAsk()]).toEqual([true, false, true]);
  });
});
