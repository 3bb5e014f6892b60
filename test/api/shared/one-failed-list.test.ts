import { afterAll, beforeAll, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let member: TestUser;
beforeAll(async () => {
  testApp = await startTestApp();
  const tenant = await aTenant(testApp);
  member = await aUser(testApp, tenant);
  await aConversation(testApp, tenant, { owner: member, messages: ['hello'] });
});
afterAll(() => testApp.close());

it('a failed root list leaves the data of the other fields', async () => {
  const answer = await testApp.ask(
    `{ viewer { id } ok: conversations { totalCount } conversations(after: "x") { totalCount }
      searchMessages(query: "-x") { totalCount } users { totalCount } tenant { slug usage { members } }
      nodes(ids: []) { id } }`,
    { token: member.token },
  );

  expect(answer.data).toEqual({
    viewer: { id: member.id },
    ok: { totalCount: 1 },
    conversations: null,
    searchMessages: null,
    users: null,
    tenant: { slug: expect.any(String), usage: null },
    nodes: [],
  });
  expect(answer.errors?.map(({ path, extensions }) => [path?.join('.'), extensions.code]).toSorted()).toEqual(
    [
      ['conversations', 'INVALID_CURSOR'],
      ['searchMessages', 'BAD_USER_INPUT'],
      ['tenant.usage', 'FORBIDDEN'],
      ['users', 'FORBIDDEN'],
    ],
  );
});

it('a deletion returns the objects that it changed', async () => {
  const { createConversation } = await testApp.data(
    'mutation { createConversation(input: { title: "x" }) { conversation { id } } }',
    { token: member.token },
  );
  const { id } = createConversation.conversation;
  const { sendMessage } = await testApp.data(
    `mutation { sendMessage(input: { conversationId: "${id}", content: "hi" }) { message { id } } }`,
    { token: member.token },
  );
  const data = await testApp.data(
    `mutation {
      deleteMessage(input: { messageId: "${sendMessage.message.id}" }) { conversation { id messageCount } }
      deleteConversation(input: { conversationId: "${id}" }) { tenant { conversations { totalCount } } } }`,
    { token: member.token },
  );

  expect(data).toEqual({
    deleteMessage: { conversation: { id, messageCount: 0 } },
    deleteConversation: { tenant: { conversations: { totalCount: 1 } } },
  });
});
