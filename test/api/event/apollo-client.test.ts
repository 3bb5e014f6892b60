import { ApolloClient, gql, HttpLink, InMemoryCache } from 'apollo-client-4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aConversation,
  aTenant,
  aUser,
  type TestConversation,
  type TestUser,
} from '../../support/builders.ts';
import { EventLog } from '../../support/event-log.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let author: TestUser;
let conversation: TestConversation;
let origin: string;

beforeAll(async () => {
  testApp = await startTestApp();
  const tenant = await aTenant(testApp);
  author = await aUser(testApp, tenant);
  conversation = await aConversation(testApp, tenant, { author, messages: ['before'] });
  origin = await testApp.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => testApp.close());

describe("Apollo Client's HTTP link", () => {
  it('subscribes by multipart without further settings', async () => {
    const link = new HttpLink({
      uri: `${origin}/graphql`,
      headers: { authorization: `Bearer ${author.token}` },
    });
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    const log = new EventLog();
    const subscription = client
      .subscribe({
        query: gql`
          subscription ($conversationId: ID!) {
            messageEvents(conversationId: $conversationId) {
              kind
              cursor
              messageId
              message {
                id
                content
              }
            }
          }
        `,
        variables: { conversationId: conversation.id },
      })
      .subscribe(log);
    await log.until((events) => events.some(({ kind }) => kind === 'CAUGHT_UP'));
    await testApp.data(
      'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { userErrors { message } } }',
      { token: author.token, variables: { input: { conversationId: conversation.id, content: 'hello' } } },
    );
    await log.until((events) => events.some(({ kind }) => kind === 'ADDED'));
    subscription.unsubscribe();
    client.stop();

    expect(log.events.map(({ kind, message }) => [kind, message?.content])).toEqual([
      ['CAUGHT_UP', undefined],
      ['ADDED', 'hello'],
    ]);
  });
});
