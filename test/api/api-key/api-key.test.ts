import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  aMembership,
  anApiKey,
  aTenant,
  aUser,
  type TestApiKey,
  type TestTenant,
  type TestUser,
} from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const create = `mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    secret
    apiKey { id name prefix scopes createdAt lastUsedAt expiresAt revokedAt }
    userErrors { code message path }
  }
}`;
const revoke = `mutation ($id: ID!) {
  revokeApiKey(input: { apiKeyId: $id }) { apiKey { id revokedAt } userErrors { code message path } }
}`;

let testApp: TestApp;
let tenant: TestTenant;
let admin: TestUser;
let member: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  admin = await aUser(testApp, tenant, { role: 'ADMIN' });
  member = await aUser(testApp, tenant);
});
afterAll(() => testApp.close());

const createAs = async (user: TestUser, input: Readonly<Record<string, unknown>>) =>
  (await testApp.data(create, { token: user.token, variables: { input } })).createApiKey;

async function post(token: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await testApp.server.inject({
    method: 'POST',
    url: '/graphql',
    headers: { authorization: `Bearer ${token}`, ...headers },
    payload: { query: '{ viewer { id } tenant { slug } }' },
  });
  return {
    status: response.statusCode,
    challenge: response.headers['www-authenticate'],
    code: response.json().errors?.[0]?.extensions.code,
    data: response.json().data,
  };
}

const refusal = {
  status: 401,
  challenge: 'Bearer error="invalid_token"',
  code: 'UNAUTHENTICATED',
  data: undefined,
};

describe('createApiKey', () => {
  it('returns the secret once, and the secret authenticates', async () => {
    const { secret, apiKey, userErrors } = await createAs(member, {
      name: '  nightly report ',
      scopes: ['write', 'read'],
      expiresAt: '2026-12-01T00:00:00.000Z',
    });
    const { status, data } = await post(secret);

    expect({ ...apiKey, userErrors }).toEqual({
      id: expect.stringMatching(/^key_[0-9a-f]{32}$/),
      name: 'nightly report',
      prefix: secret.slice(0, 17),
      scopes: ['read', 'write'],
      createdAt: '2026-11-20T12:00:00.000Z',
      lastUsedAt: null,
      expiresAt: '2026-12-01T00:00:00.000Z',
      revokedAt: null,
      userErrors: [],
    });
    expect(secret).toMatch(/^parley_key_[A-Za-z0-9_-]{43}$/);
    expect({ status, data }).toEqual({
      status: 200,
      data: { viewer: { id: member.id }, tenant: { slug: tenant.slug } },
    });
  });

  it('stores no secret', async () => {
    const { secret } = await createAs(member, { name: 'x', scopes: ['read'] });
    const [dump] = await testApp.database.query<{ text: string }>(
      sql`select json_agg(k)::text as text from api_keys k`,
    );

    expect(dump?.text).not.toContain(secret.slice(17));
    expect(dump?.text).not.toContain(Buffer.from(secret).toString('hex'));
  });

  it.each([
    [{ scopes: [] }, ['input', 'scopes'], '`scopes` must have at least one scope.'],
    [{ scopes: ['root'] }, ['input', 'scopes', '0'], '`scopes.0` must be one of read, write, admin.'],
    [{ scopes: ['read', 'read'] }, ['input', 'scopes'], '`scopes` must not name a scope twice.'],
    [{ name: ' ' }, ['input', 'name'], '`name` must not be empty.'],
    [{ name: 'x'.repeat(101) }, ['input', 'name'], '`name` must have at most 100 characters.'],
    [{ expiresAt: '2026-11-20T12:00:00.000Z' }, ['input', 'expiresAt'], '`expiresAt` must be in the future.'],
  ])('is refused for %j', async (fault, path, message) => {
    const { secret, apiKey, userErrors } = await createAs(member, { name: 'x', scopes: ['read'], ...fault });

    expect({ secret, apiKey }).toEqual({ secret: null, apiKey: null });
    expect(userErrors).toEqual([{ code: 'BAD_USER_INPUT', message, path }]);
  });

  it('rejects the scope admin for members', async () => {
    const platformAdmin = await aUser(testApp, tenant, { isPlatformAdmin: true });
    const input = { name: 'x', scopes: ['read', 'admin'] };
    const [asMember, asAdmin, asPlatformAdmin] = await Promise.all(
      [member, admin, platformAdmin].map((user) => createAs(user, input)),
    );

    expect(asMember.userErrors).toEqual([
      {
        code: 'FORBIDDEN',
        message: 'Only admins can create keys with the scope `admin`.',
        path: ['input', 'scopes'],
      },
    ]);
    expect([asAdmin.userErrors, asPlatformAdmin.userErrors]).toEqual([[], []]);
  });

  it('rejects a caller with an API key', async () => {
    const key = await anApiKey(testApp, tenant, admin);
    const { createApiKey } = await testApp.data(create, {
      token: key.secret,
      variables: { input: { name: 'x', scopes: ['read'] } },
    });

    expect(createApiKey.userErrors.map((error: { code: string }) => error.code)).toEqual(['FORBIDDEN']);
  });
});

describe('an API key', () => {
  it('costs no statement once it is known', async () => {
    const key = await anApiKey(testApp, tenant, member);
    await post(key.secret);

    await testApp.expectStatements(0, () => testApp.data('{ viewer { id } }', { token: key.secret }));
  });

  it.each(['', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}!`, 'A'.repeat(10_000)])(
    'is rejected without a statement when malformed: %s',
    async (random) => {
      const answer = await testApp.expectStatements(0, () => post(`parley_key_${random}`));

      expect(answer).toEqual(refusal);
    },
  );

  it('is rejected when unknown', async () => {
    expect(await post(`parley_key_${'A'.repeat(43)}`)).toEqual(refusal);
  });

  it('is rejected after its expiry, also while it is cached', async () => {
    const key = await anApiKey(testApp, tenant, member, { expiresAt: new Date(testApp.clock.now() + 1000) });

    expect((await post(key.secret)).status).toBe(200);
    testApp.clock.advance(1000);
    expect(await post(key.secret)).toEqual({ ...refusal, code: 'TOKEN_EXPIRED' });
  });

  it('acts only in its own tenant, although its owner has another', async () => {
    const second = await aTenant(testApp);
    await aMembership(testApp, second, member);
    const key = await anApiKey(testApp, tenant, member);

    expect(await post(key.secret, { 'x-tenant': second.slug })).toEqual(refusal);
    expect(await post(key.secret, { 'x-tenant': tenant.slug })).toMatchObject({ status: 200 });
  });

  it.each([
    ['owner', sql`update users set is_active = false where id =`],
    ['membership', sql`update memberships set is_active = false where user_id =`],
  ])('of a suspended %s is rejected within a second, by any suspension', async (_name, suspend) => {
    const user = await aUser(testApp, tenant);
    const key = await anApiKey(testApp, tenant, user);
    expect((await post(key.secret)).status).toBe(200);
    await testApp.database.query(sql`${suspend} ${user.uuid}::uuid`);

    await vi.waitFor(async () => expect(await post(key.secret)).toEqual(refusal));
  });

  it('has no session to sign out of', async () => {
    const key = await anApiKey(testApp, tenant, member);
    const data = await testApp.data('mutation { signOut { session { id } userErrors { code } } }', {
      token: key.secret,
    });

    expect(data.signOut).toEqual({ session: null, userErrors: [{ code: 'FORBIDDEN' }] });
  });
});

describe('revokeApiKey', () => {
  const revokeAs = async (token: string, { id }: Pick<TestApiKey, 'id'>) =>
    (await testApp.data(revoke, { token, variables: { id } })).revokeApiKey;

  it('rejects the next request, and keeps the first date when repeated', async () => {
    const key = await anApiKey(testApp, tenant, member);
    await post(key.secret);
    const first = await revokeAs(member.token, key);
    const refused = await post(key.secret);
    testApp.clock.advance(1000);

    expect(first).toEqual({ apiKey: { id: key.id, revokedAt: expect.any(String) }, userErrors: [] });
    expect(refused).toEqual(refusal);
    expect(await revokeAs(member.token, key)).toEqual(first);
  });

  it('is allowed for the owner and admins, and NOT_FOUND for others', async () => {
    const key = await anApiKey(testApp, tenant, member);
    const stranger = await aUser(testApp, await aTenant(testApp), { role: 'OWNER' });
    const other = await aUser(testApp, tenant);
    const missing = await revokeAs(other.token, { id: `key_${'0'.repeat(32)}` });

    expect(missing).toEqual({
      apiKey: null,
      userErrors: [{ code: 'NOT_FOUND', message: 'There is no such API key.', path: ['input', 'apiKeyId'] }],
    });
    expect(await revokeAs(other.token, key)).toEqual(missing);
    expect(await revokeAs(stranger.token, key)).toEqual(missing);
    expect(await revokeAs(other.token, { id: 'nonsense' })).toEqual(missing);
    expect((await revokeAs(admin.token, key)).userErrors).toEqual([]);
  });

  it('makes the rest of the request anonymous when a key revokes itself', async () => {
    const key = await anApiKey(testApp, tenant, member);
    const answer = await testApp.ask(
      `mutation {
        revokeApiKey(input: { apiKeyId: "${key.id}" }) { apiKey { id } }
        updateProfile(input: { bio: "x" }) { user { id } }
      }`,
      { token: key.secret },
    );

    expect(answer.errors?.map((error) => [error.path, error.extensions.code])).toEqual([
      [['updateProfile'], 'UNAUTHENTICATED'],
    ]);
  });
});

describe('the list of API keys', () => {
  it('is visible to the owner and to tenant admins, also by node', async () => {
    const owner = await aUser(testApp, tenant);
    const [older, newer] = [await anApiKey(testApp, tenant, owner), await anApiKey(testApp, tenant, owner)];
    const query = `{
      user(id: "${owner.id}") { apiKeys { totalCount nodes { id } } }
      node(id: "${older.id}") { ... on ApiKey { name } }
    }`;
    const seen = {
      user: { apiKeys: { totalCount: 2, nodes: [{ id: newer.id }, { id: older.id }] } },
      node: { name: 'A key' },
    };

    expect(await testApp.data(query, { token: owner.token })).toEqual(seen);
    expect(await testApp.data(query, { token: admin.token })).toEqual(seen);
    expect(await testApp.data(query, { token: member.token })).toEqual({
      user: { apiKeys: { totalCount: 0, nodes: [] } },
      node: null,
    });
  });
});
