import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../../src/platform/security/passwords.ts';
import { aMembership, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const password = 'correct horse battery staple';
const signIn = `mutation ($email: EmailAddress!, $password: String!, $tenantId: ID) {
  signIn(input: { email: $email, password: $password, tenantId: $tenantId }) {
    token
    session { isCurrent userAgent expiresAt revokedAt user { id } tenant { slug } }
    user { id email lastLoginAt memberships { tenant { slug } } }
    userErrors { code message path }
  }
}`;

let testApp: TestApp;
let tenant: TestTenant;
let person: TestUser;

beforeAll(async () => {
  testApp = await startTestApp({ SESSION_TTL: '3600' });
  tenant = await aTenant(testApp);
  person = await aUser(testApp, tenant, { passwordHash: await hashPassword(password) });
});
afterAll(() => testApp.close());

const authorized = (token: string) => post({ authorization: `Bearer ${token}` });

async function post(headers: Readonly<Record<string, string>>) {
  const response = await testApp.server.inject({
    method: 'POST',
    url: '/graphql',
    headers,
    payload: { query: '{ viewer { id } }' },
  });
  return {
    status: response.statusCode,
    challenge: response.headers['www-authenticate'],
    body: response.json(),
  };
}

describe('signIn', () => {
  it('returns a valid token for the password', async () => {
    const { signIn: payload } = await testApp.data(signIn, {
      variables: { email: person.email.toUpperCase(), password },
      headers: { 'user-agent': 'a test' },
    });
    const data = await testApp.data('{ viewer { id } }', { token: payload.token });

    expect(payload).toMatchObject({
      session: {
        isCurrent: true,
        userAgent: 'a test',
        expiresAt: '2026-11-20T13:00:00.000Z',
        revokedAt: null,
        user: { id: person.id },
        tenant: { slug: tenant.slug },
      },
      user: {
        id: person.id,
        email: person.email,
        lastLoginAt: '2026-11-20T12:00:00.000Z',
        memberships: [{ tenant: { slug: tenant.slug } }],
      },
      userErrors: [],
    });
    expect(data.viewer.id).toBe(person.id);
  });

  it.each(['Bearer parley_session_stale', 'Bearer parley_key_x', 'Basic YTpi', 'Bearer a.b'])(
    'ignores the credential that comes with it: %s',
    async (authorization) => {
      const { signIn: payload } = await testApp.data(signIn, {
        variables: { email: person.email, password },
        headers: { authorization, 'x-tenant': tenant.slug },
      });

      expect(payload.userErrors).toEqual([]);
    },
  );

  it('is for the tenant of the slug, else of the header, else the one joined first', async () => {
    const other = await aTenant(testApp);
    await aMembership(testApp, other, person);
    await testApp.database.query(sql`update memberships set joined_at = joined_at + interval '1 s'
      where tenant_id = ${other.uuid}::uuid`);
    const slugFor = async (input: string, header: Readonly<Record<string, string>>) => {
      const { signIn: payload } = await testApp.data(
        `mutation ($email: EmailAddress!, $password: String!) {
          signIn(input: { email: $email, password: $password ${input} }) { session { tenant { slug } } } }`,
        { variables: { email: person.email, password }, headers: header },
      );
      return payload.session?.tenant.slug ?? null;
    };

    expect(await slugFor('', {})).toBe(tenant.slug);
    expect(await slugFor('', { 'x-tenant': other.slug })).toBe(other.slug);
    expect(await slugFor(`tenantSlug: "${other.slug}"`, { 'x-tenant': tenant.slug })).toBe(other.slug);
    expect(await slugFor(`tenantId: "${other.id}"`, { 'x-tenant': tenant.slug })).toBe(other.slug);
    expect(await slugFor('tenantSlug: "unknown"', {})).toBeNull();
    expect(await slugFor('', { 'x-tenant': 'unknown' })).toBeNull();
  });

  it('is refused with a stale credential beside another field', async () => {
    const beside = signIn.replace('{\n  signIn', '{ signOut { userErrors { code } } signIn');
    const answer = await testApp.ask(beside, {
      variables: { email: person.email, password },
      token: 'stale',
    });

    expect(answer.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(answer.data).toBeUndefined();
  });

  it('stores no token and no password', async () => {
    const { signIn: payload } = await testApp.data(signIn, { variables: { email: person.email, password } });
    const [dump] = await testApp.database.query<{ text: string }>(
      sql`select json_agg(s)::text || (select json_agg(u)::text from users u) as text from sessions s`,
    );

    expect(dump?.text).not.toContain(payload.token);
    expect(dump?.text).not.toContain(Buffer.from(payload.token).toString('hex'));
    expect(dump?.text).not.toContain(password);
  });

  it('gives one answer for a wrong password, an unknown address and a foreign tenant', async () => {
    const other = await aTenant(testApp);
    const answers = await Promise.all(
      [
        { email: person.email, password: 'wrong' },
        { email: 'nobody@example.org', password },
        { email: person.email, password, tenantId: other.id },
        { email: person.email, password, tenantId: 'nonsense' },
      ].map((variables) => testApp.data(signIn, { variables })),
    );

    expect(answers[0].signIn.userErrors).toEqual([
      {
        code: 'UNAUTHENTICATED',
        message: 'Incorrect email address or password.',
        path: ['input'],
      },
    ]);
    expect(answers[0].signIn).toMatchObject({ token: null, session: null, user: null });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  it('is rejected for disabled accounts and former members', async () => {
    const passwordHash = await hashPassword(password);
    const disabled = await aUser(testApp, tenant, { passwordHash });
    const former = await aUser(testApp, tenant, { passwordHash });
    await testApp.database.query(sql`update users set is_active = false where id = ${disabled.uuid}::uuid`);
    await testApp.database.query(
      sql`update memberships set is_active = false where user_id = ${former.uuid}::uuid`,
    );
    const answers = await Promise.all(
      [disabled, former].map(({ email }) => testApp.data(signIn, { variables: { email, password } })),
    );

    expect(answers.map((answer) => [answer.signIn.token, answer.signIn.userErrors.length])).toEqual([
      [null, 1],
      [null, 1],
    ]);
  });

  it('is visible in lastLoginAt immediately, although profiles are cached', async () => {
    const newcomer = await aUser(testApp, tenant, { passwordHash: await hashPassword(password) });
    const read = async () =>
      (await testApp.data(`{ user(id: "${newcomer.id}") { lastLoginAt } }`, { token: newcomer.token })).user
        .lastLoginAt;

    expect(await read()).toBeNull();
    await testApp.data(signIn, { variables: { email: newcomer.email, password } });
    expect(await read()).toBe('2026-11-20T12:00:00.000Z');
  });

  it('selects the requested tenant', async () => {
    const second = await aTenant(testApp);
    await aMembership(testApp, second, person);
    const { signIn: payload } = await testApp.data(signIn, {
      variables: { email: person.email, password, tenantId: second.id },
    });

    expect(payload.session.tenant.slug).toBe(second.slug);
  });

  it('ends with signOut', async () => {
    const { signIn: payload } = await testApp.data(signIn, { variables: { email: person.email, password } });
    await authorized(payload.token);
    const data = await testApp.data('mutation { signOut { session { revokedAt } userErrors { code } } }', {
      token: payload.token,
    });

    expect(data.signOut).toEqual({ session: { revokedAt: '2026-11-20T12:00:00.000Z' }, userErrors: [] });
    expect(await authorized(payload.token)).toMatchObject({ status: 401 });
  });
});

describe('several mutations of one request', () => {
  it('all run as the caller, although one of them signs in', async () => {
    const caller = await aUser(testApp, tenant, { firstName: 'Caller' });
    const data = await testApp.data(
      `mutation ($email: EmailAddress!, $password: String!) {
        signIn(input: { email: $email, password: $password }) { user { id } }
        updateProfile(input: { bio: "changed" }) { user { id profile { bio } } }
      }`,
      { token: caller.token, variables: { email: person.email, password } },
    );

    expect(data).toEqual({
      signIn: { user: { id: person.id } },
      updateProfile: { user: { id: caller.id, profile: { bio: 'changed' } } },
    });
  });

  it('get no rights from a sign-in among them', async () => {
    const passwordHash = await hashPassword(password);
    const platformAdmin = await aUser(testApp, tenant, { passwordHash, isPlatformAdmin: true });
    const answer = await testApp.ask(
      `mutation ($email: EmailAddress!, $password: String!) {
        signIn(input: { email: $email, password: $password }) { userErrors { code } }
        updateSettings(input: { signUpEnabled: true }) { userErrors { code } }
      }`,
      { variables: { email: platformAdmin.email, password } },
    );

    expect(answer.errors?.map((error) => [error.path, error.extensions.code])).toEqual([
      [['updateSettings'], 'UNAUTHENTICATED'],
    ]);
  });

  it('are anonymous after a signOut', async () => {
    const caller = await aUser(testApp, tenant);
    const answer = await testApp.ask(
      `mutation {
        signOut { session { user { id } } }
        updateProfile(input: { bio: "changed" }) { user { id } }
      }`,
      { token: caller.token },
    );

    expect(answer.errors?.map((error) => [error.path, error.extensions.code])).toEqual([
      [['updateProfile'], 'UNAUTHENTICATED'],
    ]);
  });
});

describe('signOut', () => {
  it('ends the session also when another tenant is selected', async () => {
    const second = await aTenant(testApp);
    const caller = await aUser(testApp, tenant);
    await aMembership(testApp, second, caller);
    const data = await testApp.data('mutation { signOut { session { revokedAt } userErrors { code } } }', {
      token: caller.token,
      headers: { 'x-tenant': second.slug },
    });

    expect(data.signOut.session.revokedAt).not.toBeNull();
    expect((await authorized(caller.token)).status).toBe(401);
  });
});

describe('a token', () => {
  it('costs no statement once it is known', async () => {
    await authorized(person.token);

    await testApp.expectStatements(0, () => authorized(person.token));
  });

  it.each([
    'parley_session_',
    `parley_session_${'A'.repeat(43)}`,
    `parley_session_${'A'.repeat(44)}`,
    `parley_session_${'A'.repeat(10_000)}`,
    'parley_key_whatever',
    'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.',
  ])('that is none is refused with 401: %s', async (token) => {
    const { status, challenge, body } = await authorized(token);

    expect({ status, challenge }).toEqual({ status: 401, challenge: expect.stringMatching(/^Bearer/) });
    expect(body).toEqual({
      errors: [
        {
          message: expect.any(String),
          extensions: { code: 'UNAUTHENTICATED', requestId: expect.any(String) },
        },
      ],
    });
  });

  it.each(['Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b'])(
    'is never ignored when invalid: authorization: %j',
    async (authorization) => {
      expect((await post({ authorization })).status).toBe(401);
    },
  );

  it('that expired gets TOKEN_EXPIRED', async () => {
    const { signIn: payload } = await testApp.data(signIn, { variables: { email: person.email, password } });
    testApp.clock.advance(3_600_000);
    const { status, body } = await authorized(payload.token);

    expect(status).toBe(401);
    expect(body.errors[0].extensions.code).toBe('TOKEN_EXPIRED');
  });

  it.each([
    ['user', sql`update users set is_active = false`],
    ['membership', sql`update memberships set is_active = false`],
  ])('of a suspended %s is refused once the cache is told', async (_name, suspend) => {
    const suspended = await aUser(testApp, tenant);
    await authorized(suspended.token);
    const column = _name === 'user' ? sql`id` : sql`user_id`;
    await testApp.database.query(sql`${suspend} where ${column} = ${suspended.uuid}::uuid`);
    await testApp.app.caches.sessions.invalidate({ tag: `user:${suspended.uuid}` });

    expect((await authorized(suspended.token)).status).toBe(401);
  });
});
