import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { aConversation, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { EventLog } from '../../support/event-log.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let author: TestUser;
let origin: string;

beforeAll(async () => {
  testApp = await startTestApp({ RATE_LIMIT_PER_USER: '0' });
  tenant = await aTenant(testApp);
  author = await aUser(testApp, tenant);
  origin = await testApp.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => testApp.close());

const subscription = /* GraphQL */ `
  subscription ($conversationId: ID!, $after: String) {
    messageEvents(conversationId: $conversationId, after: $after) {
      kind
      cursor
      messageId
      message {
        content
        author {
          displayName
        }
      }
    }
  }
`;

/** A client of a transport that the test can subscribe with. */
interface Client {
  subscribe(
    request: { query: string; variables: Record<string, unknown> },
    sink: { next(value: unknown): void; error(error: unknown): void; complete(): void },
  ): () => void;
  dispose(): void | Promise<void>;
}

const transports: Readonly<Record<string, (token: string) => Client>> = {
  WebSocket: (token) =>
    createWsClient({
      url: `${origin.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
    }),
  'server-sent events': (token) =>
    createSseClient({
      url: `${origin}/graphql`,
      headers: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
    }),
};

const send = (conversationId: string, content: string, { token }: TestUser = author) =>
  testApp.data(
    `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } userErrors { message } } }`,
    { token, variables: { input: { conversationId, content } } },
  );

describe.each(Object.entries(transports))('messageEvents over %s', (_name, connect) => {
  it('sends what is sent, edited and deleted, in order', async () => {
    const conversation = await aConversation(testApp, tenant, { author, messages: ['before'] });
    const client = connect(author.token);
    const log = new EventLog();
    const stop = client.subscribe(
      { query: subscription, variables: { conversationId: conversation.id } },
      log,
    );
    await log.until((events) => events.some(({ kind }) => kind === 'CAUGHT_UP'));

    const { sendMessage } = await send(conversation.id, 'hello');
    const { id } = sendMessage.message;
    await log.until((events) => events.some(({ kind }) => kind === 'ADDED'));
    await testApp.data(
      `mutation ($input: EditMessageInput!) { editMessage(input: $input) { message { id } } }`,
      { token: author.token, variables: { input: { messageId: id, content: 'hello there' } } },
    );
    await log.until((events) => events.some(({ kind }) => kind === 'CHANGED'));
    await testApp.data(
      `mutation ($input: DeleteMessageInput!) { deleteMessage(input: $input) { deletedMessageId } }`,
      { token: author.token, variables: { input: { messageId: id } } },
    );
    await log.until((events) => events.some(({ kind }) => kind === 'REMOVED'));
    stop();
    await client.dispose();

    expect(log.events.map(({ kind, messageId, message }) => [kind, messageId, message?.content])).toEqual([
      ['CAUGHT_UP', null, undefined],
      ['ADDED', id, 'hello'],
      ['CHANGED', id, 'hello there'],
      ['REMOVED', id, undefined],
    ]);
  });

  it('continues after the cursor of the last event', async () => {
    const conversation = await aConversation(testApp, tenant, { author, messages: ['before'] });
    const { conversation: page } = await testApp.data(
      'query ($id: ID!) { conversation(id: $id) { eventCursor messages(last: 1) { nodes { content } } } }',
      { token: author.token, variables: { id: conversation.id } },
    );
    await send(conversation.id, 'missed');
    const client = connect(author.token);
    const log = new EventLog();
    const variables = { conversationId: conversation.id, after: page.eventCursor };
    client.subscribe({ query: subscription, variables }, log);
    await log.until((events) => events.some(({ kind }) => kind === 'CAUGHT_UP'));
    await client.dispose();

    expect(page.messages.nodes).toEqual([{ content: 'before' }]);
    expect(log.events.map(({ kind, message }) => [kind, message?.content])).toEqual([
      ['ADDED', 'missed'],
      ['CAUGHT_UP', undefined],
    ]);
  });
});

describe('the statements of a subscription', () => {
  it('are as many for two events as for a hundred', async () => {
    const statementsFor = async (count: number) => {
      const conversation = await aConversation(testApp, tenant, { author, messages: [] });
      const { conversation: page } = await testApp.data(
        'query ($id: ID!) { conversation(id: $id) { eventCursor } }',
        { token: author.token, variables: { id: conversation.id } },
      );
      for (let number = 0; number < count; number += 1) await send(conversation.id, `message ${number}`);
      const client = transports['WebSocket']?.(author.token);
      const log = new EventLog();
      const texts: string[] = [];
      const stop = testApp.database.observe(({ text }) => texts.push(text));
      const variables = { conversationId: conversation.id, after: page.eventCursor };
      client?.subscribe({ query: subscription, variables }, log);
      await log.until((events) => events.some(({ kind }) => kind === 'CAUGHT_UP'));
      stop();
      await client?.dispose();
      expect(log.events).toHaveLength(count + 1);
      return texts.filter((text) => text.includes('conversations c'));
    };

    expect(await statementsFor(2)).toHaveLength(2);
    expect(await statementsFor(100)).toHaveLength(2);
  });
});
