import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aConversation,
  aTenant,
  aUser,
  type TestConversation,
  type TestUser,
} from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const words = Array.from({ length: 11 }, (_, index) => `word ${index}`);

let testApp: TestApp;
let person: TestUser;
let conversation: TestConversation;
let other: TestConversation;
beforeAll(async () => {
  testApp = await startTestApp();
  const tenant = await aTenant(testApp);
  person = await aUser(testApp, tenant);
  conversation = await aConversation(testApp, tenant, { owner: person, author: person, messages: words });
  other = await aConversation(testApp, tenant, { owner: person, messages: ['elsewhere'] });
  await testApp.data(
    `mutation { deleteMessage(input: { messageId: "${conversation.messageIds[4]}" }) { userErrors { code } } }`,
    { token: person.token },
  );
});
afterAll(() => testApp.close());

const idOf = (index: number) => conversation.messageIds[index] ?? '';

async function page(args: string) {
  const data = await testApp.data(
    `{ conversation(id: "${conversation.id}") { messages(${args}) {
      nodes { content } pageInfo { hasPreviousPage hasNextPage } } } }`,
    { token: person.token },
  );
  const { nodes, pageInfo } = data.conversation.messages;
  return [nodes.map(({ content }: { content: string }) => content.slice(5)).join(' '), pageInfo];
}

describe('messages(around:)', () => {
  it.each([
    [6, 5, '3 5 6 7 8', true, true],
    [6, 4, '5 6 7 8', true, true],
    [0, 5, '0 1 2', false, true],
    [10, 5, '8 9 10', true, false],
    [5, 50, '0 1 2 3 5 6 7 8 9 10', false, false],
    [5, 1, '5', true, true],
  ])(
    'has message %i in the middle of a page of %i',
    async (index, size, texts, hasPreviousPage, hasNextPage) => {
      const expected = [texts, { hasPreviousPage, hasNextPage }];

      expect(await page(`around: "${idOf(index)}", first: ${size}`)).toEqual(expected);
      expect(await page(`around: "${idOf(index)}", last: ${size}`)).toEqual(expected);
    },
  );

  it('is empty for a message that was deleted or is elsewhere', async () => {
    for (const id of [idOf(4), other.messageIds[0], 'nonsense']) {
      expect((await page(`around: "${id}"`))[0]).toBe('');
    }
  });

  it('is the usual page for an empty text, and an error beside a cursor', async () => {
    const answer = await testApp.ask(
      `{ conversation(id: "${conversation.id}") { messages(around: "${idOf(1)}", after: "x") { totalCount } } }`,
      { token: person.token },
    );

    expect(await page('around: "", last: 2')).toEqual(await page('last: 2'));
    expect(answer.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it('has a page in the conversation of the message alone, where several are read', async () => {
    const data = await testApp.data(
      `{ conversations { nodes { id messages(around: "${idOf(6)}", first: 1) { nodes { id } totalCount } } } }`,
      { token: person.token },
    );

    expect(
      data.conversations.nodes.toSorted((a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)),
    ).toEqual([
      { id: conversation.id, messages: { nodes: [{ id: idOf(6) }], totalCount: 10 } },
      { id: other.id, messages: { nodes: [], totalCount: 1 } },
    ]);
  });
});

describe('Message.cursor', () => {
  it('of a hit leads to the messages before and after it', async () => {
    const { searchMessages } = await testApp.data(
      '{ searchMessages(query: "\\"word 6\\"") { nodes { cursor } } }',
      {
        token: person.token,
      },
    );
    const [{ cursor }] = searchMessages.nodes;

    expect((await page(`after: "${cursor}", first: 2`))[0]).toBe('7 8');
    expect((await page(`before: "${cursor}", last: 2`))[0]).toBe('3 5');
  });

  it('is that of the edge', async () => {
    const data = await testApp.data(
      `{ conversation(id: "${conversation.id}") { messages { edges { cursor node { cursor } } } } }`,
      { token: person.token },
    );

    for (const { cursor, node } of data.conversation.messages.edges) expect(node.cursor).toBe(cursor);
  });
});
