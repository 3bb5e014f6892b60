import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anApiKey,
  aConversation,
  aMembership,
  aTenant,
  aUser,
  type TestConversation,
  type TestTenant,
  type TestUser,
} from '../support/builders.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let otherTenant: TestTenant;
let people: Readonly<Record<'owner' | 'admin' | 'author' | 'member' | 'guest' | 'stranger', TestUser>>;
let shared: TestConversation;
let secret: TestConversation;
let joined: TestConversation;
let foreign: TestConversation;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  otherTenant = await aTenant(testApp);
  people = {
    owner: await aUser(testApp, tenant, { role: 'OWNER' }),
    admin: await aUser(testApp, tenant, { role: 'ADMIN' }),
    author: await aUser(testApp, tenant),
    member: await aUser(testApp, tenant),
    guest: await aUser(testApp, tenant, { role: 'GUEST' }),
    stranger: await aUser(testApp, otherTenant, { role: 'OWNER', isPlatformAdmin: true }),
  };
  const messages = ['the word is xyzzy'];
  const { author, guest, stranger } = people;
  shared = await aConversation(testApp, tenant, { author, messages, title: 'shared' });
  secret = await aConversation(testApp, tenant, {
    author,
    owner: author,
    participants: [guest],
    visibility: 'PRIVATE',
    messages,
    title: 'secret',
  });
  joined = await aConversation(testApp, tenant, {
    owner: people.owner,
    participants: [people.member],
    visibility: 'PRIVATE',
    messages,
    title: 'joined',
  });
  foreign = await aConversation(testApp, otherTenant, { author: stranger, messages, title: 'foreign' });
});
afterAll(() => testApp.close());

describe('conversations', () => {
  it.each([
    ['owner', ['joined', 'secret', 'shared']],
    ['admin', ['joined', 'secret', 'shared']],
    ['author', ['secret', 'shared']],
    ['member', ['joined', 'shared']],
    ['guest', ['secret']],
    ['stranger', ['foreign']],
  ] as const)('are read by %s as far as %j', async (who, titles) => {
    const ids = JSON.stringify([shared, secret, joined, foreign].map((conversation) => conversation.id));
    const messageIds = JSON.stringify(
      [shared, secret, joined, foreign].flatMap((conversation) => conversation.messageIds),
    );
    const data = await testApp.data(
      `{
        conversations { totalCount nodes { title } }
        nodes(ids: ${ids}) { ... on Conversation { title } }
        messages: nodes(ids: ${messageIds}) { ... on Message { conversation { title } } }
        searchMessages(query: "xyzzy") { totalCount nodes { conversation { title } } }
        tenant { conversations { totalCount nodes { title } } }
      }`,
      { token: people[who].token },
    );
    const titlesOf = (nodes: readonly ({ title: string } | null)[]) =>
      nodes.flatMap((node) => (node === null ? [] : [node.title])).toSorted();

    expect(titlesOf(data.conversations.nodes)).toEqual(titles);
    expect(data.conversations.totalCount).toBe(titles.length);
    expect(titlesOf(data.nodes)).toEqual(titles);
    expect(
      titlesOf(
        data.messages.map(
          (message: { conversation: { title: string } } | null) => message?.conversation ?? null,
        ),
      ),
    ).toEqual(titles);
    expect(
      titlesOf(
        data.searchMessages.nodes.map((node: { conversation: { title: string } }) => node.conversation),
      ),
    ).toEqual(titles);
    expect(data.searchMessages.totalCount).toBe(titles.length);
    expect(titlesOf(data.tenant.conversations.nodes)).toEqual(titles);
  });

  it('of a user are shown only if the viewer may read them', async () => {
    const query = `{ user(id: "${people.author.id}") {
      conversations { nodes { title } } messages { nodes { conversation { title } } } } }`;
    const asMember = await testApp.data(query, { token: people.member.token });
    const asAdmin = await testApp.data(query, { token: people.admin.token });

    expect(asMember.user).toEqual({
      conversations: { nodes: [] },
      messages: { nodes: [{ conversation: { title: 'shared' } }] },
    });
    expect(asAdmin.user.conversations.nodes).toEqual([{ title: 'secret' }]);
    expect(asAdmin.user.messages.nodes).toHaveLength(2);
  });

  it('of a user are those that they own or participate in', async () => {
    const titlesOf = async (user: TestUser) => {
      const query = `{ user(id: "${user.id}") { conversations { totalCount nodes { title } } } }`;
      return (await testApp.data(query, { token: people.admin.token })).user.conversations;
    };

    expect(await titlesOf(people.guest)).toEqual({ totalCount: 1, nodes: [{ title: 'secret' }] });
    expect(await titlesOf(people.owner)).toEqual({ totalCount: 1, nodes: [{ title: 'joined' }] });
  });
});

describe('people', () => {
  it('of another tenant do not exist', async () => {
    const data = await testApp.data(
      `{ user(id: "${people.stranger.id}") { id } node(id: "${people.stranger.id}") { id } tenant { members { nodes { user { id } } } } }`,
      { token: people.member.token },
    );

    expect(data.user).toBeNull();
    expect(data.node).toBeNull();
    expect(data.tenant.members.nodes).toHaveLength(5);
  });

  it('show their email address and sessions to themselves and admins, their last sign-in to themselves', async () => {
    await testApp.database.query(
      sql`update users set last_login_at = ${new Date(testApp.clock.now())} where id = ${people.author.uuid}::uuid`,
    );
    await testApp.app.caches.profiles.invalidate('all');
    const query = `{ user(id: "${people.author.id}") { email lastLoginAt sessions { totalCount nodes { id } } } }`;
    const asMember = await testApp.data(query, { token: people.member.token });
    const asThemselves = await testApp.data(query, { token: people.author.token });
    const asAdmin = await testApp.data(query, { token: people.admin.token });

    expect(asMember.user).toEqual({ email: null, lastLoginAt: null, sessions: { totalCount: 0, nodes: [] } });
    expect(asThemselves.user).toMatchObject({
      email: people.author.email,
      lastLoginAt: '2026-11-20T12:00:00.000Z',
      sessions: { totalCount: 1 },
    });
    expect(asAdmin.user).toEqual({ ...asThemselves.user, lastLoginAt: null });
  });

  it('without a name are "Someone" to viewers who may not see their address', async () => {
    const nameless = await aUser(testApp, tenant, { firstName: '', lastName: '' });
    const query = `{ user(id: "${nameless.id}") { displayName } }`;
    const asAuthor = await testApp.data(query, { token: people.author.token });
    const asAdmin = await testApp.data(query, { token: people.admin.token });
    await testApp.database.query(sql`delete from users where id = ${nameless.uuid}::uuid`);

    expect(asAuthor.user.displayName).toBe('Someone');
    expect(asAdmin.user.displayName).toBe(nameless.email.split('@')[0]);
  });

  it('are listed for admins only', async () => {
    const refused = await testApp.ask('{ users { nodes { id } } }', { token: people.member.token });
    const allowed = await testApp.data('{ users { totalCount } }', { token: people.admin.token });

    expect(refused.data).toEqual({ users: null });
    expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(allowed.users.totalCount).toBe(5);
  });

  it('are found by their email address by admins only', async () => {
    const query = (address: string) =>
      `{ tenant { members(search: "${address}") { nodes { user { id } } } } }`;
    const asMember = await testApp.data(query(people.author.email), { token: people.member.token });
    const asAdmin = await testApp.data(query(people.author.email), { token: people.admin.token });

    expect(asMember.tenant.members.nodes).toEqual([]);
    expect(asAdmin.tenant.members.nodes[0]).toEqual({ user: { id: people.author.id } });
  });

  it('who are guests see only themselves', async () => {
    const data = await testApp.data('{ tenant { members { totalCount nodes { user { id } } } } }', {
      token: people.guest.token,
    });

    expect(data.tenant.members).toEqual({ totalCount: 1, nodes: [{ user: { id: people.guest.id } }] });
  });
});

describe('a foreign object and a missing one', () => {
  it.each(['conv', 'msg', 'user', 'session', 'key', 'tenant'])(
    'get one answer, byte for byte: %s',
    async (prefix) => {
      const foreignIds: Readonly<Record<string, string>> = {
        conv: foreign.id,
        msg: foreign.messageIds[0] ?? '',
        user: people.stranger.id,
        session: await sessionIdOf(people.stranger),
        key: (await anApiKey(testApp, otherTenant, people.stranger)).id,
        tenant: await tenantIdOf(people.stranger),
      };
      const headers = { 'x-request-id': 'the-same' };
      const { token } = people.owner;
      const ask = (id: string) =>
        testApp.ask(`query ($id: ID!) { node(id: $id) { id __typename } nodes(ids: [$id]) { id } }`, {
          token,
          headers,
          variables: { id },
        });
      const answers = [
        await ask(foreignIds[prefix] ?? ''),
        await ask(`${prefix}_${'0'.repeat(32)}`),
        await ask(`${prefix}_nonsense`),
      ];

      expect(answers[0]).toEqual({ data: { node: null, nodes: [null] } });
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    },
  );

  it.each([
    ['sendMessage', 'content: "hi"'],
    ['updateConversation', 'title: "mine"'],
    ['deleteConversation', ''],
  ])('are refused alike by %s', async (mutation, rest) => {
    const ask = (id: string) =>
      testApp.ask(
        `mutation ($id: ID!) { ${mutation}(input: { conversationId: $id, ${rest} }) { userErrors { code message path } } }`,
        { token: people.owner.token, variables: { id } },
      );
    const answers = [await ask(foreign.id), await ask(`conv_${'0'.repeat(32)}`), await ask('nonsense')];

    expect(answers[0]?.data[mutation].userErrors).toEqual([
      { code: 'NOT_FOUND', message: 'There is no such conversation.', path: ['input', 'conversationId'] },
    ]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  async function sessionIdOf(user: TestUser): Promise<string> {
    const data = await testApp.data('{ viewer { sessions { nodes { id } } } }', { token: user.token });
    return data.viewer.sessions.nodes[0].id;
  }

  async function tenantIdOf(user: TestUser): Promise<string> {
    return (await testApp.data('{ tenant { id } }', { token: user.token })).tenant.id;
  }
});

describe('a user with two tenants', () => {
  it('sees the tenant of the session or of x-tenant, never both', async () => {
    const second = await aTenant(testApp);
    await aConversation(testApp, second, { title: 'in the second' });
    await aMembership(testApp, second, people.member, 'GUEST');
    await aMembership(testApp, second, people.author, 'MEMBER');
    await testApp.app.caches.sessions.invalidate('all');
    const query =
      '{ tenant { slug } conversations { nodes { title } } viewer { memberships { tenant { slug } role } } }';
    const { token } = people.author;
    const first = await testApp.data(query, { token });
    const other = await testApp.data(query, { token, headers: { 'x-tenant': second.slug } });

    expect(first.tenant.slug).toBe(tenant.slug);
    expect(first.conversations.nodes).not.toContainEqual({ title: 'in the second' });
    expect(other).toEqual({
      tenant: { slug: second.slug },
      conversations: { nodes: [{ title: 'in the second' }] },
      viewer: first.viewer,
    });
    expect(first.viewer.memberships).toEqual([
      { tenant: { slug: tenant.slug }, role: 'MEMBER' },
      { tenant: { slug: second.slug }, role: 'MEMBER' },
    ]);
  });

  it('reads nothing of the other tenant through the membership there', async () => {
    const query = `{ viewer { memberships { tenant { slug members { totalCount } conversations { totalCount } } } } }`;
    const data = await testApp.data(query, { token: people.author.token });
    const other = data.viewer.memberships.find(
      (membership: { tenant: { slug: string } }) => membership.tenant.slug !== tenant.slug,
    );

    expect(other.tenant).toMatchObject({ members: { totalCount: 0 }, conversations: { totalCount: 0 } });
  });

  it('has only active memberships, and is visible to others in the shared tenant only', async () => {
    const [second, third] = [await aTenant(testApp), await aTenant(testApp)];
    const person = await aUser(testApp, tenant);
    await aMembership(testApp, second, person);
    await aMembership(testApp, third, person);
    await testApp.database.query(
      sql`update memberships set is_active = false where tenant_id = ${third.uuid}::uuid`,
    );
    const query = `{ user(id: "${person.id}") { memberships { tenant { slug } } } node(id: "${third.id}") { id } }`;
    const asThemselves = await testApp.data(query, { token: person.token });
    const asAdmin = await testApp.data(query, { token: people.admin.token });

    expect(
      asThemselves.user.memberships.map((each: { tenant: { slug: string } }) => each.tenant.slug),
    ).toEqual([tenant.slug, second.slug]);
    expect(asThemselves.node).toBeNull();
    expect(asAdmin.user.memberships).toEqual([{ tenant: { slug: tenant.slug } }]);
  });

  it('is rejected alike in a foreign and a missing tenant', async () => {
    const ask = async (slug: string) => {
      const response = await testApp.server.inject({
        method: 'POST',
        url: '/graphql',
        headers: {
          authorization: `Bearer ${people.guest.token}`,
          'x-tenant': slug,
          'x-request-id': 'the-same',
        },
        payload: { query: '{ tenant { id } }' },
      });
      return { status: response.statusCode, body: response.body };
    };
    const stranger = await testApp.data('{ tenant { slug } }', { token: people.stranger.token });

    expect(await ask(stranger.tenant.slug)).toEqual(await ask('no-such-tenant'));
    expect((await ask('no-such-tenant')).status).toBe(401);
  });
});

describe('an anonymous caller', () => {
  it('gets models and settings only', async () => {
    const data = await testApp.data(
      `{ viewer { id } tenant { id } models { id } settings { signUpEnabled } node(id: "${shared.id}") { id } }`,
    );

    expect(data).toEqual({
      viewer: null,
      tenant: null,
      models: [],
      settings: { signUpEnabled: false },
      node: null,
    });
  });

  it.each([
    `{ conversation(id: "x") { id } }`,
    `{ conversations { totalCount } }`,
    `{ message(id: "x") { id } }`,
    `{ searchMessages(query: "xyzzy") { totalCount } }`,
    `{ user(id: "x") { id } }`,
    `{ users { totalCount } }`,
    `mutation { createConversation(input: { title: "x" }) { userErrors { code } } }`,
    `mutation { updateConversation(input: { conversationId: "x" }) { userErrors { code } } }`,
    `mutation { sendMessage(input: { conversationId: "x", content: "x" }) { userErrors { code } } }`,
    `mutation { deleteConversation(input: { conversationId: "x" }) { userErrors { code } } }`,
    `mutation { addParticipant(input: { conversationId: "x", userId: "x" }) { userErrors { code } } }`,
    `mutation { removeParticipant(input: { conversationId: "x", userId: "x" }) { userErrors { code } } }`,
    `mutation { editMessage(input: { messageId: "x", content: "x" }) { userErrors { code } } }`,
    `mutation { deleteMessage(input: { messageId: "x" }) { userErrors { code } } }`,
    `mutation { inviteMember(input: { email: "x@example.org", role: GUEST }) { userErrors { code } } }`,
    `mutation { updateMembership(input: { userId: "x" }) { userErrors { code } } }`,
    `mutation { completeOnboarding { userErrors { code } } }`,
    `mutation { updateProfile(input: { bio: "x" }) { userErrors { code } } }`,
    `mutation { signOut { userErrors { code } } }`,
    `mutation { updateSettings(input: { signUpEnabled: true }) { userErrors { code } } }`,
    `mutation { upsertModel(input: { slug: "x", name: "x", provider: "x", contextWindow: 1 }) { userErrors { code } } }`,
    `mutation { setModelEnabled(input: { modelId: "x", isEnabled: true }) { userErrors { code } } }`,
    `mutation { invalidateCache(input: { cache: SETTINGS }) { userErrors { code } } }`,
  ])('is refused: %s', async (query) => {
    const answer = await testApp.ask(query);

    expect(answer.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});
