import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestUser } from '../support/builders.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

describe('the statements of an authenticated request', () => {
  let testApp: TestApp;
  let viewer: TestUser;
  let conversationId: string;

  beforeAll(async () => {
    testApp = await startTestApp();
    const tenant = await aTenant(testApp);
    viewer = await aUser(testApp, tenant);
    const messages = Array.from({ length: 60 }, (_, index) => `message ${index}`);
    for (let index = 0; index < 20; index += 1) {
      const author = await aUser(testApp, tenant);
      ({ id: conversationId } = await aConversation(testApp, tenant, { author, messages }));
    }
    await testApp.data('{ viewer { id } }', { token: viewer.token });
  });
  afterAll(() => testApp.close());

  const ask = (query: string) => testApp.data(query, { token: viewer.token });

  it('are 1 for 20 conversations with messageCount and the summary of lastMessage, 2 with more', async () => {
    const query = (fields: string) =>
      `{ conversations(first: 20) { nodes { messageCount lastMessage { ${fields} } } } }`;
    const data = await testApp.expectStatements(1, () => ask(query('content')));

    expect(data.conversations.nodes).toHaveLength(20);
    expect(data.conversations.nodes[0]).toEqual({ messageCount: 60, lastMessage: { content: 'message 59' } });
    await testApp.expectStatements(2, () => ask(query('content status')));
  });

  it('are 3 for 20 conversations of 10 messages with authors, and 2 once the authors are cached', async () => {
    const query = `{ conversations(first: 20) { nodes { title messages(last: 10) {
      nodes { content author { displayName } } } } } }`;
    const data = await testApp.expectStatements(3, () => ask(query));

    expect(data.conversations.nodes[19].messages.nodes).toHaveLength(10);
    expect(data.conversations.nodes[19].messages.nodes[9].author).toEqual({ displayName: 'Test Person' });
    await testApp.expectStatements(2, () => ask(query));
  });

  it('are 2 for a page of 50 messages, also with the flags of a page in the middle', async () => {
    const page = (args: string) => `{ conversation(id: "${conversationId}") { messages(${args}) {
      edges { cursor node { content } } pageInfo { hasNextPage hasPreviousPage } } } }`;
    const first = await testApp.expectStatements(2, () => ask(page('first: 50')));
    const { edges } = first.conversation.messages;
    const next = await testApp.expectStatements(2, () => ask(page(`first: 5, after: "${edges[20].cursor}"`)));

    expect(edges).toHaveLength(50);
    expect(next.conversation.messages.pageInfo).toEqual({ hasNextPage: true, hasPreviousPage: true });
  });

  it.each([
    ['a profile', '{ viewer { displayName profile { firstName updatedAt } } }'],
    ['the settings', '{ settings { maxMessageLength defaultModel { name } } }'],
    ['the models', '{ models { name } enabled: models(includeDisabled: true) { name } }'],
  ])('are 0 for %s from the cache', async (_name, query) => {
    await ask(query);

    await testApp.expectStatements(0, () => ask(query));
  });

  it('count totalCount only when it is selected', async () => {
    await testApp.expectStatements(1, () => ask('{ conversations { nodes { id } } }'));
    const data = await testApp.expectStatements(2, () => ask('{ conversations(first: 0) { totalCount } }'));

    expect(data.conversations.totalCount).toBe(20);
  });
});

describe('the settings', () => {
  it('are loaded once for 500 concurrent first requests', async () => {
    // One executor is set, because two take twice as long, and a process that receives no notifications for
    // too long stops trusting its caches.
    const testApp = await startTestApp({ EXECUTOR: 'level' });
    const texts: string[] = [];
    const stop = testApp.database.observe((statement) => texts.push(statement.text));
    const answers = await Promise.all(
      Array.from({ length: 500 }, () => testApp.ask('{ settings { maxMessageLength } }')),
    ).finally(stop);

    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['{"data":{"settings":{"maxMessageLength":8000}}}']),
    );
    expect(texts.filter((text) => text.includes('app_settings'))).toHaveLength(1);
    await testApp.close();
  });
});
