import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import sql from 'sql-template-tag';
import { membershipIdOf } from '../../src/domains/tenant/model.ts';
import { domains } from '../../src/graphql/domains.ts';
import { hashPassword } from '../../src/platform/security/passwords.ts';
import { createId, toPublicId } from '../../src/platform/ids.ts';
import {
  aConversation,
  anApiKey,
  aTenant,
  aUser,
  type TestTenant,
  type TestUser,
} from '../support/builders.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const password = 'correct horse battery staple';

const prefixes = [
  'conv',
  'identity',
  'key',
  'membership',
  'msg',
  'profile',
  'session',
  'tenant',
  'user',
] as const;
const byNode = 'query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id, $id]) { id } }';

let testApp: TestApp;
let owner: TestUser;
let elsewhere: TestTenant;
let foreignIds: Readonly<Record<(typeof prefixes)[number], string>>;

beforeAll(async () => {
  testApp = await startTestApp({ SIGN_IN_LIMIT_PER_ACCOUNT: '1000', SIGN_IN_LIMIT_PER_ADDRESS: '1000' });
  owner = await aUser(testApp, await aTenant(testApp), { role: 'OWNER', isPlatformAdmin: true });
  elsewhere = await aTenant(testApp);
  const stranger = await aUser(testApp, elsewhere);
  const conversation = await aConversation(testApp, elsewhere, { owner: stranger, messages: ['hello'] });
  const [session] = await testApp.database.query<{ id: string }>(
    sql`select id from sessions where user_id = ${stranger.uuid}::uuid`,
  );
  foreignIds = {
    conv: conversation.id,
    identity: toPublicId('identity', stranger.uuid),
    membership: membershipIdOf({ tenantId: elsewhere.uuid, userId: stranger.uuid }),
    profile: toPublicId('profile', stranger.uuid),
    key: (await anApiKey(testApp, elsewhere, stranger)).id,
    msg: conversation.messageIds[0] ?? '',
    session: toPublicId('session', session?.id ?? ''),
    tenant: elsewhere.id,
    user: stranger.id,
  };
});
afterAll(() => testApp.close());

/** An answer, and what PostgreSQL was asked for it, where nothing is remembered. */
async function trace(query: string, variables: Readonly<Record<string, unknown>>, token?: string) {
  await Promise.all(Object.values(testApp.app.caches).map((cache) => cache.invalidate('all')));
  const statements: string[] = [];
  const stop = testApp.database.observe(({ text }) => statements.push(text));
  const headers = { 'x-request-id': 'the-same' };
  const answer = await testApp.ask(query, { token, variables, headers }).finally(stop);
  return { answer: JSON.stringify(answer), statements };
}

describe('a foreign object and a missing one', () => {
  it('are compared for each type with a node, except models and settings, which belong to no tenant', () => {
    const ofNodes = Object.values(domains).flatMap((domain) =>
      'node' in domain ? [domain.node ?? []].flat().map(({ prefix }) => prefix) : [],
    );
    expect(
      ofNodes.toSorted(),
      'a new prefix belongs in prefixes, with an object of another tenant in foreignIds',
    ).toEqual([...prefixes, 'model', 'settings'].toSorted());
  });

  const userErrors = '{ userErrors { code message path } }';
  it.each([
    ...prefixes.map((prefix) => [prefix, byNode] as const),
    ['conv', 'query ($id: ID!) { conversation(id: $id) { id } }'],
    ['msg', 'query ($id: ID!) { message(id: $id) { id } }'],
    ['user', 'query ($id: ID!) { user(id: $id) { id } }'],
    ['conv', 'query ($id: ID!) { searchMessages(query: "hello", conversationId: $id) { totalCount } }'],
    ['user', 'query ($id: ID!) { conversations(filter: { ownerId: $id }) { totalCount } }'],
    ['key', `mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) ${userErrors} }`],
    ['session', `mutation ($id: ID!) { revokeSession(input: { sessionId: $id }) ${userErrors} }`],
    [
      'conv',
      `mutation ($id: ID!) { sendMessage(input: { conversationId: $id, content: "x" }) ${userErrors} }`,
    ],
    [
      'conv',
      `mutation ($id: ID!) { updateConversation(input: { conversationId: $id, title: "x" }) ${userErrors} }`,
    ],
    ['conv', `mutation ($id: ID!) { deleteConversation(input: { conversationId: $id }) ${userErrors} }`],
    ['msg', `mutation ($id: ID!) { editMessage(input: { messageId: $id, content: "x" }) ${userErrors} }`],
    ['msg', `mutation ($id: ID!) { deleteMessage(input: { messageId: $id }) ${userErrors} }`],
  ] as const)('are answered alike, by the same statements: %s, %s', async (prefix, query) => {
    const foreign = await trace(query, { id: foreignIds[prefix] }, owner.token);
    const missing = await trace(query, { id: missingId(prefix) }, owner.token);

    expect(foreign.answer).not.toContain('INTERNAL_SERVER_ERROR');
    expect(foreign).toEqual(missing);
  });
});

describe('signIn without a valid account', () => {
  it('gets one answer by the same statements for every error', async () => {
    const passwordHash = await hashPassword(password);
    const tenant = await aTenant(testApp);
    const [person, inactive, former] = [
      await aUser(testApp, tenant, { passwordHash }),
      await aUser(testApp, tenant, { passwordHash }),
      await aUser(testApp, tenant, { passwordHash }),
    ];
    const withoutPassword = await aUser(testApp, tenant);
    await testApp.database.query(sql`update users set is_active = false where id = ${inactive.uuid}::uuid`);
    await testApp.database.query(
      sql`update memberships set is_active = false where user_id = ${former.uuid}::uuid`,
    );
    const query = `mutation ($email: EmailAddress!, $password: String!, $tenantId: ID) {
      signIn(input: { email: $email, password: $password, tenantId: $tenantId }) {
        token session { id } user { id } userErrors { code message path } } }`;
    const traces = await inTurn(
      [
        { email: person.email, password: 'wrong' },
        { email: 'nobody@example.org', password },
        { email: inactive.email, password },
        { email: former.email, password },
        { email: withoutPassword.email, password },
        { email: person.email, password, tenantId: elsewhere.id },
        { email: person.email, password, tenantId: `tenant_${'0'.repeat(32)}` },
        { email: person.email, password, tenantId: 'nonsense' },
      ],
      (variables) => trace(query, variables),
    );

    expect(traces[0]?.answer).toContain('UNAUTHENTICATED');
    expect(traces[0]?.statements).toHaveLength(1);
    expect(traces).toEqual(traces.map(() => traces[0]));
  });

  it.each([true, false])(
    'with a password that is too long costs neither a statement nor a hash, with an account: %s',
    async (isKnown) => {
      const email = isKnown ? owner.email : 'nobody@example.org';
      const query = `mutation { signIn(input: { email: "${email}", password: "${'x'.repeat(1001)}" }) {
        userErrors { code path } } }`;
      const answer = await testApp.expectStatements(0, () => testApp.data(query));

      expect(answer.signIn.userErrors).toEqual([{ code: 'BAD_USER_INPUT', path: ['input', 'password'] }]);
    },
  );
});

function missingId(prefix: (typeof prefixes)[number]): string {
  if (prefix === 'membership') return membershipIdOf({ tenantId: elsewhere.uuid, userId: createId() });
  return toPublicId(prefix, createId());
}

async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
