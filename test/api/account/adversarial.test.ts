import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOneTimeToken, type Purpose } from '../../../src/domains/account/model.ts';
import { createId } from '../../../src/platform/ids.ts';
import { hashOfSecret } from '../../../src/platform/security/secrets.ts';
import { aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let owner: TestUser;
let stranger: TestUser;

beforeAll(async () => {
  testApp = await startTestApp({
    SMTP_URL: 'smtp://127.0.0.1:1',
    MAIL_FROM: 'parley@example.org',
    SIGN_UP_TENANTS: 'true',
    SIGN_IN_LIMIT_PER_ADDRESS: '1000000',
    SIGN_IN_LIMIT_PER_ACCOUNT: '1000',
  });
  await testApp.database.query(sql`insert into app_settings (id, sign_up_enabled) values (1, true)
    on conflict (id) do update set sign_up_enabled = true`);
  tenant = await aTenant(testApp);
  owner = await aUser(testApp, tenant, { role: 'OWNER' });
  stranger = await aUser(testApp, await aTenant(testApp));
});
afterAll(() => testApp.close());

/** The mutation that uses tokens of each purpose, and the field that shows whether it did. */
const uses = {
  RESET_PASSWORD: { name: 'resetPassword', done: 'isChanged' },
  SIGN_UP: { name: 'signUp', done: 'token' },
  VERIFY_EMAIL: { name: 'verifyEmail', done: 'isVerified' },
  ACCEPT_INVITATION: { name: 'acceptInvitation', done: 'invitation { id }' },
} as const;
const purposes = ['RESET_PASSWORD', 'SIGN_UP', 'VERIFY_EMAIL', 'ACCEPT_INVITATION'] as const;

/** A token that works, with the account and address it is for. */
async function aToken(purpose: Purpose) {
  const [now, email] = [testApp.clock.now(), `person-${createId()}@example.org`];
  const hasAccount = purpose === 'RESET_PASSWORD' || purpose === 'VERIFY_EMAIL';
  const user = hasAccount ? await aUser(testApp, tenant) : null;
  const id = createId();
  if (purpose === 'ACCEPT_INVITATION') {
    await testApp.database
      .query(sql`insert into invitations (tenant_id, id, email, role, invited_by_id, expires_at)
      values (${tenant.uuid}::uuid, ${id}::uuid, ${email}, 'MEMBER', ${owner.uuid}::uuid, '2100-01-01')`);
  }
  const invitation = purpose === 'ACCEPT_INVITATION' ? { tenantId: tenant.uuid, id } : null;
  const use = {
    purpose,
    email: user?.email ?? email,
    userId: user?.uuid ?? null,
    invitation,
    isMailed: true,
  };
  const { token, stored } = createOneTimeToken(use, now);
  await testApp.app.queries.account.addToken(stored);
  return { token, user, invitationId: id };
}

/** Uses a token; true if it worked. */
async function use(purpose: Purpose, token: string, as?: TestUser): Promise<boolean> {
  const { name, done } = uses[purpose];
  const input = {
    token,
    ...(purpose === 'RESET_PASSWORD' && { newPassword: 'correct horse' }),
    ...(purpose === 'SIGN_UP' && { password: 'correct horse', tenantSlug: `own-${createId()}` }),
  };
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const answer = await testApp.ask(
    `mutation ($input: ${type}!) { ${name}(input: $input) { ${done} userErrors { code message path } } }`,
    { token: as?.token, variables: { input } },
  );
  const { userErrors, ...payload } = answer.data?.[name] ?? { userErrors: answer.errors };
  if (userErrors.length === 0) return true;
  expect(Object.values(payload).every((value) => value === null)).toBe(true);
  expect(['NOT_FOUND', 'FORBIDDEN', 'UNAUTHENTICATED', 'BAD_USER_INPUT']).toContain(
    userErrors[0].code ?? userErrors[0].extensions.code,
  );
  return false;
}

const pairs = purposes.flatMap((made) => purposes.map((used) => [made, used] as const));
/** An invitation is also a way to sign up. */
const isRight = (made: Purpose, used: Purpose) =>
  made === used || (made === 'ACCEPT_INVITATION' && used === 'SIGN_UP');

/** What is done to a token that works. */
const spoilt: readonly (readonly [string, (token: string) => string])[] = [
  ['empty', () => ''],
  ['without its last character', (token) => token.slice(0, -1)],
  ['with one more character', (token) => `${token}A`],
  ['with another last character', (token) => token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A')],
  ['in upper case', (token) => token.toUpperCase()],
  ['without its prefix', (token) => token.replace('parley_once_', '')],
  ['with the prefix of a session', (token) => token.replace('parley_once_', 'parley_session_')],
  ['with a space before', (token) => ` ${token}`],
  ['with a line break behind', (token) => `${token}\n`],
  ['as its hash', (token) => hashOfSecret(token)],
  ['twice', (token) => `${token}${token}`],
  ['with a NUL', (token) => `${token}\u0000`],
  ['as a wildcard', () => '%'],
  ['too long', (token) => token.repeat(10)],
  ['as SQL', () => "' or true --"],
];

const states = {
  expired: async () => {
    testApp.clock.advance(8 * 24 * 60 * 60 * 1000);
  },
  'removed with its address': async (user: TestUser | null) => {
    await testApp.database.query(
      sql`update users set email = 'moved-' || email where id = ${user?.uuid}::uuid`,
    );
  },
  'of a disabled account': async (user: TestUser | null) => {
    await testApp.database.query(sql`update users set is_active = false where id = ${user?.uuid}::uuid`);
  },
} as const;

describe('a one-time token', () => {
  it.each(pairs)('made for %s and used for %s works only for its purpose', async (made, used) => {
    const { token } = await aToken(made);

    expect(await use(used, token)).toBe(isRight(made, used));
    // A use for another purpose does not use it up.
    expect(await use(made, token)).toBe(!isRight(made, used));
  });

  it.each(purposes.flatMap((purpose) => spoilt.map(([name, spoil]) => [purpose, name, spoil] as const)))(
    'for %s is refused %s, and works afterwards',
    async (purpose, _name, spoil) => {
      const { token } = await aToken(purpose);

      expect(await use(purpose, spoil(token))).toBe(false);
      expect(await use(purpose, token)).toBe(true);
    },
  );

  it.each(purposes.flatMap((purpose) => spoilt.map(([name, spoil]) => [purpose, name, spoil] as const)))(
    'for %s is refused %s, also for a signed-in user',
    async (purpose, _name, spoil) => {
      const { token } = await aToken(purpose);

      expect(await use(purpose, spoil(token), stranger)).toBe(false);
    },
  );

  it.each(purposes.flatMap((purpose) => [true, false].map((isSignedIn) => [purpose, isSignedIn] as const)))(
    'for %s is refused once it was used, signed in: %s',
    async (purpose, isSignedIn) => {
      const { token } = await aToken(purpose);

      expect(await use(purpose, token)).toBe(true);
      expect(await use(purpose, token, isSignedIn ? stranger : undefined)).toBe(false);
    },
  );

  it.each(purposes)('for %s is refused once it has expired', async (purpose) => {
    const { token } = await aToken(purpose);
    await states.expired();

    expect(await use(purpose, token)).toBe(false);
  });

  it.each(
    (['RESET_PASSWORD', 'VERIFY_EMAIL'] as const).flatMap((purpose) =>
      (['removed with its address', 'of a disabled account'] as const).map(
        (state) => [purpose, state] as const,
      ),
    ),
  )('for %s is refused when it is %s', async (purpose, state) => {
    const { token, user } = await aToken(purpose);
    await states[state](user);

    expect(await use(purpose, token)).toBe(false);
  });

  it.each(purposes)('for %s is used by exactly one of 50 concurrent requests', async (purpose) => {
    const { token } = await aToken(purpose);
    const results = await Promise.all(Array.from({ length: 50 }, () => use(purpose, token)));

    expect(results.filter(Boolean)).toHaveLength(1);
  });

  it('of an invitation is refused for the account of another address', async () => {
    const { token } = await aToken('ACCEPT_INVITATION');
    const other = await aUser(testApp, tenant);

    expect(await use('ACCEPT_INVITATION', token, other)).toBe(false);
    expect(await use('ACCEPT_INVITATION', token)).toBe(true);
  });

  it('of a revoked invitation is refused', async () => {
    const { token, invitationId } = await aToken('ACCEPT_INVITATION');
    await testApp.database.query(
      sql`update invitations set revoked_at = now() where id = ${invitationId}::uuid`,
    );

    expect(await use('ACCEPT_INVITATION', token)).toBe(false);
  });
});

const forms: readonly ((email: string) => string)[] = [
  (email) => email,
  (email) => email.toUpperCase(),
  (email) => ` ${email} `,
  (email) => email.replace('@', '+tag@'),
  (email) => email.replace('@', '.@'),
  (email) => email.replace('@', '@@'),
  (email) => email.replace('@example', '@bücher.example'),
  (email) => `${email}.`,
  (email) => `${email}\n`,
  (email) => email.replace('@', ' @'),
  (email) => `"${email}"`,
  (email) => `${email},${email}`,
  (email) => `<${email}>`,
  (email) => `${email}'--`,
  (email) => email.replace('example', 'EXAMPLE'),
];

describe('an answer', () => {
  const requests = [
    ['requestPasswordReset', ''],
    ['requestSignUp', ''],
    ['signIn', ', password: "not the password"'],
  ] as const;
  it.each(requests.flatMap(([name, more]) => forms.map((form, index) => [name, index, more, form] as const)))(
    'of %s is the same whether or not an account exists, form %i',
    async (name, _index, more, form) => {
      const answerFor = async (email: string) => {
        const payload = name === 'signIn' ? 'token' : 'isAccepted';
        const response = await testApp.server.inject({
          method: 'POST',
          url: '/graphql',
          payload: {
            query: `mutation ($email: EmailAddress!) { ${name}(input: { email: $email ${more} }) { ${payload} userErrors { code message path } } }`,
            variables: { email: form(email) },
          },
        });
        return [response.statusCode, response.body];
      };

      expect(await answerFor(stranger.email)).toEqual(
        await answerFor(`user-${createId().slice(-12)}@example.org`),
      );
    },
  );
});
