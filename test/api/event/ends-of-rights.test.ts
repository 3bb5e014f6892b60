import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient, type Client } from 'graphql-ws';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  aConversation,
  aTenant,
  aUser,
  type TestConversation,
  type TestTenant,
  type TestUser,
} from '../../support/builders.ts';
import { EventLog, type LoggedEvent } from '../../support/event-log.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let owner: TestUser;
let origin: string;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  owner = await aUser(testApp, tenant);
  origin = await testApp.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => testApp.close());

let reader: TestUser;
let conversation: TestConversation;

beforeEach(async () => {
  reader = await aUser(testApp, tenant);
  conversation = await aConversation(testApp, tenant, {
    author: owner,
    owner,
    visibility: 'PRIVATE',
    participants: [reader],
    messages: ['before'],
  });
});

const query = /* GraphQL */ `
  subscription ($conversationId: ID!) {
    messageEvents(conversationId: $conversationId) {
      kind
      cursor
      messageId
      message {
        content
      }
    }
  }
`;

const variables = () => ({ conversationId: conversation.id });

const isCaughtUp = (events: readonly LoggedEvent[]) => events.some(({ kind }) => kind === 'CAUGHT_UP');

/** Subscribes over a WebSocket; `closed` resolves with the code of its close. */
async function subscribe(token: string) {
  const log = new EventLog();
  const codes: number[] = [];
  const client: Client = createWsClient({
    url: `${origin.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  const closed = new Promise<number>((resolve) => {
    client.on('closed', (event) => {
      const code = event instanceof Object && 'code' in event ? Number(event.code) : 0;
      codes.push(code);
      resolve(code);
    });
  });
  client.subscribe({ query, variables: variables() }, log);
  await log.until(isCaughtUp);
  return { log, client, closed };
}

const send = (content: string) =>
  testApp.data(
    'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { userErrors { message } } }',
    { token: owner.token, variables: { input: { ...variables(), content } } },
  );

describe('a WebSocket', () => {
  it('closes with 4403 after its session was revoked, and sends nothing that comes later', async () => {
    const { log, closed } = await subscribe(reader.token);
    await testApp.data('mutation { signOut { session { id } userErrors { message } } }', {
      token: reader.token,
    });
    await send('after the revocation');

    expect(await closed).toBe(4403);
    expect(log.events.map(({ kind }) => kind)).toEqual(['CAUGHT_UP']);
  });

  it.each([
    ['the user is deactivated', sql`update users set is_active = false where id = `],
    ['the membership is suspended', sql`update memberships set is_active = false where user_id = `],
    ['the role changes', sql`update memberships set role = 'GUEST' where user_id = `],
  ])('closes with 4403 after %s, also by psql', async (_name, statement) => {
    const { log, closed } = await subscribe(reader.token);
    await testApp.database.query(sql`${statement}${reader.uuid}::uuid`);

    expect(await closed).toBe(4403);
    expect(log.events.map(({ kind }) => kind)).toEqual(['CAUGHT_UP']);
  });

  it('stays open when a subscription ends because the conversation is no longer visible', async () => {
    const { client, log } = await subscribe(reader.token);
    const other = await aConversation(testApp, tenant, { author: reader, messages: [] });
    const otherLog = new EventLog();
    client.subscribe({ query, variables: { conversationId: other.id } }, otherLog);
    await otherLog.until(isCaughtUp);
    await testApp.data(
      'mutation ($input: RemoveParticipantInput!) { removeParticipant(input: $input) { userErrors { message } } }',
      { token: owner.token, variables: { input: { ...variables(), userId: reader.id } } },
    );
    await log.untilEnd();
    await testApp.data(
      'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { userErrors { message } } }',
      { token: reader.token, variables: { input: { conversationId: other.id, content: 'still here' } } },
    );
    await otherLog.until((events) => events.some(({ kind }) => kind === 'ADDED'));
    await client.dispose();

    expect(log.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    expect(otherLog.errors).toEqual([]);
  });

  it('ends a subscription to a conversation that is deleted', async () => {
    const { client, log } = await subscribe(reader.token);
    await testApp.data(
      'mutation ($input: DeleteConversationInput!) { deleteConversation(input: $input) { userErrors { message } } }',
      { token: owner.token, variables: { input: variables() } },
    );
    await log.untilEnd();
    await client.dispose();

    expect(log.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });
});

describe('server-sent events', () => {
  it('end without the mark of completion after the session was revoked', async () => {
    const log = new EventLog();
    const client = createSseClient({
      url: `${origin}/graphql`,
      headers: { authorization: `Bearer ${reader.token}` },
      retryAttempts: 0,
    });
    client.subscribe({ query, variables: variables() }, log);
    await log.until(isCaughtUp);
    await testApp.data('mutation { signOut { session { id } } }', { token: reader.token });
    await send('after the revocation');
    await log.untilEnd();
    client.dispose();

    expect(log.isComplete).toBe(false);
    expect(log.events.map(({ kind }) => kind)).toEqual(['CAUGHT_UP']);
  });
});
