import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestTenant, type TestUser } from '../support/builders.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const day = 24 * 60 * 60 * 1000;

let testApp: TestApp;
let tenant: TestTenant;
let member: TestUser;
let admin: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  member = await aUser(testApp, tenant);
  admin = await aUser(testApp, tenant, { role: 'ADMIN' });
});
afterAll(() => testApp.close());

const send = async (input: Readonly<Record<string, unknown>>, { token } = member) => {
  const data = await testApp.data(
    `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
      message { id content metadata } userErrors { code path } } }`,
    { token, variables: { input } },
  );
  return data.sendMessage;
};

const contentsOf = async (conversationId: string) => {
  const data = await testApp.data(
    `{ conversation(id: "${conversationId}") { messageCount messages { nodes { content } } } }`,
    { token: admin.token },
  );
  const contents = data.conversation.messages.nodes.map((node: { content: string }) => node.content);
  expect(data.conversation.messageCount).toBe(contents.length);
  return contents;
};

describe('a message with an idempotency key', () => {
  it('is sent once, and returned again for equal input in any key order', async () => {
    const { id: conversationId } = await aConversation(testApp, tenant);
    const input = { conversationId, content: 'once', idempotencyKey: 'twice' };
    const first = await send({ ...input, metadata: { a: 1, b: { c: 2, d: [3, 4] } } });
    const again = await send({ metadata: { b: { d: [3, 4], c: 2 }, a: 1 }, ...input });

    expect(first.userErrors).toEqual([]);
    expect(again).toEqual(first);
    expect(await contentsOf(conversationId)).toEqual(['once']);
  });

  it.each([
    ['content', { content: 'other' }],
    ['metadata', { metadata: { a: 2 } }],
    ['order in a list', { metadata: { a: [2, 1] } }],
  ])('is refused when it comes with another %s', async (idempotencyKey, change) => {
    const { id: conversationId } = await aConversation(testApp, tenant);
    const input = { conversationId, content: 'mine', metadata: { a: [1, 2] }, idempotencyKey };
    await send(input);

    expect(await send({ ...input, ...change })).toEqual({
      message: null,
      userErrors: [{ code: 'CONFLICT', path: ['input', 'idempotencyKey'] }],
    });
    expect(await contentsOf(conversationId)).toEqual(['mine']);
  });

  it('is rejected in another conversation', async () => {
    const [one, other] = [await aConversation(testApp, tenant), await aConversation(testApp, tenant)];
    const input = { content: 'here', idempotencyKey: 'places' };
    await send({ ...input, conversationId: one.id });
    const elsewhere = await send({ ...input, conversationId: other.id });

    expect(elsewhere.userErrors).toEqual([{ code: 'CONFLICT', path: ['input', 'idempotencyKey'] }]);
    expect(await contentsOf(other.id)).toEqual([]);
  });

  it('is one row for 20 concurrent requests, while others send', async () => {
    const { id: conversationId } = await aConversation(testApp, tenant);
    const input = { conversationId, content: 'at once', idempotencyKey: 'at once' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const [answer] = await Promise.all([
          send(input),
          send({ conversationId, content: `other ${index}` }, admin),
        ]);
        return answer;
      }),
    );
    const contents = await contentsOf(conversationId);

    expect(new Set(answers.map((answer) => answer.message.id)).size).toBe(1);
    expect(contents.filter((content: string) => content === 'at once')).toHaveLength(1);
    expect(contents).toHaveLength(21);
  });

  it('is one row for 20 concurrent requests with 20 inputs', async () => {
    const { id: conversationId } = await aConversation(testApp, tenant);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        send({ conversationId, content: `thing ${index}`, idempotencyKey: 'a race' }),
      ),
    );
    const sent = answers.filter((answer) => answer.message !== null);

    expect(sent.map((answer) => answer.message.content)).toEqual(await contentsOf(conversationId));
    expect(answers.flatMap((answer) => answer.userErrors)).toHaveLength(19);
  });

  it('is another message for another user, and for the same user after 24 hours', async () => {
    const { id: conversationId } = await aConversation(testApp, tenant);
    const input = { conversationId, content: 'good morning', idempotencyKey: 'daily' };
    const first = await send(input);
    const ofAnother = await send(input, admin);
    await testApp.database.query(sql`update idempotency_keys
      set expires_at = expires_at + ${`${-day} milliseconds`}::interval where key = 'daily'`);
    const nextDay = await send(input);

    expect(new Set([first, ofAnother, nextDay].map((answer) => answer.message.id)).size).toBe(3);
    expect((await send(input)).message.id).toBe(nextDay.message.id);
    expect(await contentsOf(conversationId)).toHaveLength(3);
  });

  it('is returned as it is now, also once the conversation is archived', async () => {
    const conversation = await aConversation(testApp, tenant);
    const input = { conversationId: conversation.id, content: 'closing', idempotencyKey: 'archive' };
    const first = await send(input);
    await testApp.database.query(
      sql`update conversations set archived_at = now() where id = ${conversation.uuid}::uuid`,
    );

    expect(await send(input)).toEqual(first);
    expect((await send({ ...input, idempotencyKey: 'new' })).userErrors).toEqual([
      { code: 'CONFLICT', path: ['input', 'conversationId'] },
    ]);
  });

  it('is NOT_FOUND after its deletion', async () => {
    const { id: conversationId } = await aConversation(testApp, tenant);
    const input = { conversationId, content: 'regretted', idempotencyKey: 'deleted' };
    const { message } = await send(input);
    await testApp.data(
      `mutation { deleteMessage(input: { messageId: "${message.id}" }) { userErrors { code } } }`,
      {
        token: member.token,
      },
    );

    expect((await send(input)).userErrors).toEqual([
      { code: 'NOT_FOUND', path: ['input', 'idempotencyKey'] },
    ]);
    expect(await contentsOf(conversationId)).toEqual([]);
  });

  it('does not use up its key when rejected', async () => {
    const { id: conversationId } = await aConversation(testApp, tenant);
    const input = { conversationId, idempotencyKey: 'refused first' };
    expect((await send({ ...input, content: ' ' })).userErrors).toHaveLength(1);

    expect((await send({ ...input, content: 'now' })).userErrors).toEqual([]);
  });

  it.each([
    ['an empty one', ''],
    ['one of 201 characters', 'k'.repeat(201)],
    ['one that PostgreSQL cannot store', 'a\u0000b'],
  ])('has no such key: %s', async (_name, idempotencyKey) => {
    const { id: conversationId } = await aConversation(testApp, tenant);

    expect(await send({ conversationId, content: 'hi', idempotencyKey })).toEqual({
      message: null,
      userErrors: [{ code: 'BAD_USER_INPUT', path: ['input', 'idempotencyKey'] }],
    });
  });

  it('costs 1 statement the first time, and 4 when repeated', async () => {
    const { id: conversationId } = await aConversation(testApp, tenant);
    const input = { conversationId, content: 'counted', idempotencyKey: 'k'.repeat(200) };
    await testApp.data('{ settings { maxMessageLength } }', { token: member.token });

    await testApp.expectStatements(1, () => send(input));
    await testApp.expectStatements(4, () => send(input));
  });
});
