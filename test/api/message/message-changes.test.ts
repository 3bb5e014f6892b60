import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let people: Readonly<Record<'author' | 'member' | 'admin' | 'guest' | 'stranger', TestUser>>;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  people = {
    author: await aUser(testApp, tenant),
    member: await aUser(testApp, tenant),
    admin: await aUser(testApp, tenant, { role: 'ADMIN' }),
    guest: await aUser(testApp, tenant, { role: 'GUEST' }),
    stranger: await aUser(testApp, await aTenant(testApp), { role: 'OWNER' }),
  };
});
afterAll(() => testApp.close());

const edit = async (messageId: string, content: string, { token }: TestUser) => {
  const data = await testApp.data(
    `mutation ($input: EditMessageInput!) { editMessage(input: $input) {
      message { content editedAt conversation { updatedAt } } userErrors { code path } } }`,
    { token, variables: { input: { messageId, content } } },
  );
  return data.editMessage;
};
const said = async (...messages: string[]) => {
  const conversation = await aConversation(testApp, tenant, { author: people.author, messages });
  const [first = '', second = '', third = ''] = conversation.messageIds;
  return { ...conversation, first, second, third };
};
const archive = (uuid: string) =>
  testApp.database.query(sql`update conversations set archived_at = now() where id = ${uuid}::uuid`);
const refusedWith = (code: string, path: readonly string[]) => [{ code, path }];

describe('editMessage', () => {
  it('replaces the content and sets editedAt', async () => {
    const { first } = await said('teh word');
    testApp.clock.advance(1000);
    const now = new Date(testApp.clock.now()).toISOString();

    expect(await edit(first, 'the word', people.author)).toEqual({
      message: { content: 'the word', editedAt: now, conversation: { updatedAt: now } },
      userErrors: [],
    });
  });

  it('changes nothing when the content is equal', async () => {
    const { first } = await said('the same');
    testApp.clock.advance(1000);
    const { message } = await edit(first, 'the same', people.author);

    expect(message.editedAt).toBeNull();
    expect(message.conversation.updatedAt).not.toBe(new Date(testApp.clock.now()).toISOString());
  });

  it('makes only the new words searchable', async () => {
    const { id, first } = await said('aardvark');
    await edit(first, 'zeppelin', people.author);
    const count = async (query: string) => {
      const data = await testApp.data(
        `{ searchMessages(query: "${query}", conversationId: "${id}") { totalCount } }`,
        { token: people.member.token },
      );
      return data.searchMessages.totalCount;
    };

    expect([await count('aardvark'), await count('zeppelin')]).toEqual([0, 1]);
  });

  it.each(['member', 'admin'] as const)('is rejected for all but the author: %s', async (who) => {
    const { first } = await said('mine');

    expect(await edit(first, 'yours', people[who])).toEqual({
      message: null,
      userErrors: refusedWith('FORBIDDEN', ['input', 'messageId']),
    });
  });

  it.each([
    ['what is blank', ' \n'],
    ['what is too long', 'x'.repeat(8001)],
    ['what no text can hold', 'a\u0000'],
  ])('refuses %s, as sending does', async (_name, content) => {
    const { first } = await said('mine');

    expect((await edit(first, content, people.author)).userErrors).toEqual(
      refusedWith('BAD_USER_INPUT', ['input', 'content']),
    );
  });

  it('is rejected in an archived conversation', async () => {
    const { uuid, first } = await said('for ever');
    await archive(uuid);

    expect((await edit(first, 'for now', people.author)).userErrors).toEqual(
      refusedWith('CONFLICT', ['input', 'messageId']),
    );
  });

  it('keeps one of 20 concurrent contents', async () => {
    const { id, first } = await said('start');
    const contents = Array.from({ length: 20 }, (_, index) => `content ${index}`);
    const answers = await Promise.all(contents.map((content) => edit(first, content, people.author)));
    const data = await testApp.data(
      `{ conversation(id: "${id}") { messageCount messages { nodes { content } } } }`,
      { token: people.author.token },
    );

    expect(answers.map((answer) => answer.message.content)).toEqual(contents);
    expect(contents).toContain(data.conversation.messages.nodes[0].content);
    expect(data.conversation.messageCount).toBe(1);
  });

  it('gives one answer for an invisible and a missing message', async () => {
    const secret = await aConversation(testApp, tenant, {
      author: people.author,
      visibility: 'PRIVATE',
      messages: ['psst'],
    });
    const [hidden = ''] = secret.messageIds;
    const attempts = [
      ...[people.stranger, people.member, people.guest, people.author].map((who) => [hidden, who] as const),
      [`msg_${'0'.repeat(32)}`, people.author] as const,
      ['nonsense', people.author] as const,
    ];

    for (const [id, who] of attempts) {
      expect((await edit(id, 'new', who)).userErrors).toEqual(
        refusedWith('NOT_FOUND', ['input', 'messageId']),
      );
    }
  });
});
