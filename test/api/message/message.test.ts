import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createId } from '../../../src/platform/ids.ts';
import {
  aConversation,
  aTenant,
  aUser,
  viewerOf,
  type TestTenant,
  type TestUser,
} from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let admin: TestUser;
let member: TestUser;
let guest: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  admin = await aUser(testApp, tenant, { role: 'ADMIN' });
  member = await aUser(testApp, tenant);
  guest = await aUser(testApp, tenant, { role: 'GUEST' });
});
afterAll(() => testApp.close());

const send = (input: Readonly<Record<string, unknown>>, token: string) =>
  testApp.data(
    `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
      message { id role status content metadata createdAt editedAt author { id } model { id } tokenCount
        conversation { messageCount updatedAt lastMessage { id } } }
      userErrors { code path } } }`,
    { token, variables: { input } },
  );

describe('sendMessage', () => {
  it('appends the message unchanged', async () => {
    const conversation = await aConversation(testApp, tenant, { messages: ['before'] });
    testApp.clock.advance(5000);
    const metadata = { nested: { list: [1, 'two', null] } };
    const content = '  indented\n\tcode 🙂 ';
    const { sendMessage } = await send({ conversationId: conversation.id, content, metadata }, member.token);

    expect(sendMessage).toEqual({
      message: {
        id: expect.stringMatching(/^msg_[0-9a-f]{32}$/),
        role: 'USER',
        status: 'COMPLETE',
        content,
        metadata,
        createdAt: '2026-11-20T12:00:05.000Z',
        editedAt: null,
        author: { id: member.id },
        model: null,
        tokenCount: null,
        conversation: {
          messageCount: 2,
          updatedAt: '2026-11-20T12:00:05.000Z',
          lastMessage: { id: sendMessage.message.id },
        },
      },
      userErrors: [],
    });
  });

  it('costs 1 statement, which also checks access', async () => {
    const conversation = await aConversation(testApp, tenant);
    await testApp.data('{ settings { maxMessageLength } }', { token: member.token });

    await testApp.expectStatements(1, () =>
      testApp.data(
        `mutation { sendMessage(input: { conversationId: "${conversation.id}", content: "hi" }) { message { id } } }`,
        { token: member.token },
      ),
    );
  });

  it('keeps order and count for 50 concurrent senders', async () => {
    const conversation = await aConversation(testApp, tenant);
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        send({ conversationId: conversation.id, content: `message ${index}` }, member.token),
      ),
    );
    const data = await testApp.data(
      `{ conversation(id: "${conversation.id}") { messageCount messages(first: 200) { totalCount nodes { content } } } }`,
      { token: member.token },
    );
    const [row] = await testApp.database.query<{ positions: number[] }>(
      sql`select array_agg(position order by position) as positions from messages where conversation_id = ${conversation.uuid}::uuid`,
    );

    expect(data.conversation.messageCount).toBe(50);
    expect(data.conversation.messages.totalCount).toBe(50);
    expect(
      new Set(data.conversation.messages.nodes.map((node: { content: string }) => node.content)).size,
    ).toBe(50);
    expect(row?.positions).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it.each([
    ['a member where the tenant reads', 'TENANT', () => member, null],
    ['a member where only participants read', 'PRIVATE', () => member, 'NOT_FOUND'],
    ['an admin where they take no part', 'PRIVATE', () => admin, 'FORBIDDEN'],
    ['a guest where they take no part', 'TENANT', () => guest, 'NOT_FOUND'],
  ] as const)('by %s', async (_name, visibility, who, code) => {
    const conversation = await aConversation(testApp, tenant, { visibility });
    const { sendMessage } = await send({ conversationId: conversation.id, content: 'hi' }, who().token);

    expect(sendMessage.userErrors.map((error: { code: string }) => error.code)).toEqual(
      code === null ? [] : [code],
    );
    expect(sendMessage.message === null).toBe(code !== null);
  });

  it('is allowed for participating guests', async () => {
    const conversation = await aConversation(testApp, tenant, {
      visibility: 'PRIVATE',
      participants: [guest],
    });
    const { sendMessage } = await send({ conversationId: conversation.id, content: 'hi' }, guest.token);

    expect(sendMessage.userErrors).toEqual([]);
  });

  it('moves updatedAt forward, never back, and counts each message of a request once', async () => {
    const conversation = await aConversation(testApp, tenant);
    const future = '2027-01-01T00:00:00.000Z';
    await testApp.database.query(
      sql`update conversations set updated_at = ${future} where id = ${conversation.uuid}::uuid`,
    );
    const one = `sendMessage(input: { conversationId: "${conversation.id}", content: "hi" }) {
      message { conversation { messageCount updatedAt lastMessage { id } } id } }`;
    const { a, b } = await testApp.data(`mutation { a: ${one} b: ${one} }`, { token: member.token });
    const [row] = await testApp.database.query<{ at: Date }>(
      sql`select last_message_at as at from conversations where id = ${conversation.uuid}::uuid`,
    );

    expect(a.message.conversation).toEqual({
      messageCount: 1,
      updatedAt: future,
      lastMessage: { id: a.message.id },
    });
    expect(b.message.conversation).toEqual({
      messageCount: 2,
      updatedAt: future,
      lastMessage: { id: b.message.id },
    });
    expect(row?.at).toEqual(new Date(testApp.clock.now()));
  });

  it('is not stored when the conversation is archived after the check', async () => {
    const conversation = await aConversation(testApp, tenant);
    await testApp.database.query(
      sql`update conversations set archived_at = now() where id = ${conversation.uuid}::uuid`,
    );
    const message = {
      id: createId(),
      conversationId: conversation.uuid,
      authorId: member.uuid,
      role: 'USER',
      content: 'too late',
      modelSlug: null,
      status: 'COMPLETE',
      tokenCount: null,
      metadata: {},
      createdAt: new Date(testApp.clock.now()),
    } as const;

    const viewer = viewerOf(tenant, member, 'MEMBER');
    expect(await testApp.app.queries.message.append(viewer, message, null)).toBeNull();
    expect(await testApp.database.query(sql`select id from messages where content = 'too late'`)).toEqual([]);
  });

  it('is rejected in an archived conversation', async () => {
    const conversation = await aConversation(testApp, tenant);
    await testApp.database.query(
      sql`update conversations set archived_at = now() where id = ${conversation.uuid}::uuid`,
    );
    const { sendMessage } = await send({ conversationId: conversation.id, content: 'hi' }, member.token);

    expect(sendMessage.userErrors).toEqual([{ code: 'CONFLICT', path: ['input', 'conversationId'] }]);
  });

  it('allows only admins to send for others', async () => {
    const conversation = await aConversation(testApp, tenant);
    const input = { conversationId: conversation.id, content: 'hi', role: 'SYSTEM' };
    const asMember = await send(input, member.token);
    const asAdmin = await send(input, admin.token);

    expect(asMember.sendMessage.userErrors).toEqual([{ code: 'FORBIDDEN', path: ['input', 'role'] }]);
    expect(asAdmin.sendMessage.message.role).toBe('SYSTEM');
  });
});

describe('messages of one role', () => {
  it('are paged as a list of their own', async () => {
    const conversation = await aConversation(testApp, tenant, { messages: ['one', 'two', 'three'] });
    await testApp.database.query(
      sql`update messages set role = 'ASSISTANT' where conversation_id = ${conversation.uuid}::uuid and content = 'two'`,
    );
    const data = await testApp.data(
      `{ conversation(id: "${conversation.id}") {
        user: messages(role: USER) { totalCount nodes { content } }
        assistant: messages(role: ASSISTANT, first: 1) { nodes { content } pageInfo { hasNextPage hasPreviousPage } }
      } }`,
      { token: member.token },
    );

    expect(data.conversation).toEqual({
      user: { totalCount: 2, nodes: [{ content: 'one' }, { content: 'three' }] },
      assistant: { nodes: [{ content: 'two' }], pageInfo: { hasNextPage: false, hasPreviousPage: false } },
    });
  });
});

describe('searchMessages', () => {
  it('accepts web search syntax, newest first', async () => {
    const contents = [
      'The kernel panics on boot',
      'panic in the kitchen',
      'a kernel of truth',
      'kernels that panic while booting',
    ];
    const conversation = await aConversation(testApp, tenant, { messages: contents });
    await aConversation(testApp, tenant, { messages: ['kernel panic elsewhere'] });
    await testApp.database.query(
      sql`update messages set created_at = created_at + position * interval '1 minute'`,
    );
    const search = async (query: string) => {
      const data = await testApp.data(
        `query ($query: String!, $id: ID) { searchMessages(query: $query, conversationId: $id) { totalCount nodes { content } } }`,
        { token: member.token, variables: { query, id: conversation.id } },
      );
      return data.searchMessages.nodes.map((node: { content: string }) => contents.indexOf(node.content));
    };

    expect(await search('kernel panic')).toEqual([3, 0]);
    expect(await search('"kernel panics"')).toEqual([0]);
    expect(await search('kitchen or truth')).toEqual([2, 1]);
    expect(await search('kernel -panic')).toEqual([2]);
    expect(await search('nowhere')).toEqual([]);
  });

  it('finds parts of paths, names and addresses', async () => {
    const content = 'see /etc/apt/sources.list for ubuntu-desktop, or mail bob@example.org';
    await aConversation(testApp, tenant, { messages: [content] });
    const count = async (query: string) => {
      const data = await testApp.data(
        'query ($query: String!) { searchMessages(query: $query) { totalCount } }',
        {
          token: member.token,
          variables: { query },
        },
      );
      return data.searchMessages.totalCount;
    };

    expect(await count('apt')).toBe(1);
    expect(await count('ubuntu-desktop')).toBe(1);
    expect(await count('/etc/apt/sources.list')).toBe(1);
    expect(await count('bob@example.org')).toBe(1);
    expect(await count('"ubuntu desktop" -mail')).toBe(0);
  });

  it.each([
    '-panic',
    '-panic -kernel',
    '-"kernel panic"',
    'the -panic',
    'kernel or -panic',
    '-one or -two',
    '- panic',
  ])('refuses what says only what to leave out: %s', async (query) => {
    const answer = await testApp.ask(
      'query ($query: String!) { searchMessages(query: $query) { totalCount } }',
      { token: member.token, variables: { query } },
    );

    expect(answer.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(answer.errors?.[0]?.message).toContain('must say what to find');
  });

  it.each(['kernel -panic', 'one -two or three -four', '-panic kernel', 'the', '', '-', 'well-known'])(
    'accepts a search with a term, and an empty one: %j',
    async (query) => {
      await testApp.data('query ($query: String!) { searchMessages(query: $query) { totalCount } }', {
        token: member.token,
        variables: { query },
      });
    },
  );
});
