import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  aConversation,
  aTenant,
  aUser,
  type TestConversation,
  type TestUser,
} from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let reader: TestUser;
let conversation: TestConversation;
let foreign: TestConversation;
let origin: string;

beforeAll(async () => {
  testApp = await startTestApp({ LIVE_INIT_TIMEOUT: '1', LIVE_SUBSCRIPTIONS_PER_SOCKET: '2' });
  const tenant = await aTenant(testApp);
  reader = await aUser(testApp, tenant);
  conversation = await aConversation(testApp, tenant, { author: reader, messages: ['one'] });
  foreign = await aConversation(testApp, await aTenant(testApp));
  origin = await testApp.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => testApp.close());

const fields = '{ kind cursor }';
const watch = (id: string, after = '') =>
  `subscription { messageEvents(conversationId: "${id}"${after === '' ? '' : `, after: "${after}"`}) ${fields} }`;

const open = async (protocol: string | undefined = 'graphql-transport-ws') => {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, protocol);
  await once(socket, 'open');
  return socket;
};
const say = (socket: WebSocket, message: object) => socket.send(JSON.stringify(message));
const nextMessage = async (socket: WebSocket) => JSON.parse(String((await once(socket, 'message'))[0]));
const closeCode = async (socket: WebSocket) => Number((await once(socket, 'close'))[0]);

const connected = async () => {
  const socket = await open();
  say(socket, { type: 'connection_init', payload: { Authorization: `Bearer ${reader.token}` } });
  expect(await nextMessage(socket)).toEqual({ type: 'connection_ack' });
  return socket;
};

describe('a subscription', () => {
  it.each([
    ['to an unknown conversation', () => watch('conv_00000000000000000000000000000000'), 'NOT_FOUND'],
    ['to a conversation of another tenant', () => watch(foreign.id), 'NOT_FOUND'],
    ['to something else than a conversation', () => watch('msg_1'), 'NOT_FOUND'],
    ['after a damaged cursor', () => watch(conversation.id, 'WzEs'), 'INVALID_CURSOR'],
    [
      'after a cursor of a list',
      () => watch(conversation.id, 'WzEsIm1lc3NhZ2UucG9zaXRpb24iLDFd'),
      'INVALID_CURSOR',
    ],
    [
      'to two fields',
      () =>
        `subscription { a: messageEvents(conversationId: "${conversation.id}") ${fields} b: messageEvents(conversationId: "${conversation.id}") ${fields} }`,
      'BAD_USER_INPUT',
    ],
    [
      'with @skip on its field',
      () => `subscription { messageEvents(conversationId: "${conversation.id}") @skip(if: false) ${fields} }`,
      'BAD_USER_INPUT',
    ],
    ['to a field that does not exist', () => 'subscription { nothing }', 'BAD_USER_INPUT'],
    ['without a required argument', () => `subscription { messageEvents ${fields} }`, 'BAD_USER_INPUT'],
    ['that is no GraphQL', () => 'subscription {', 'BAD_USER_INPUT'],
    ['that is a query', () => '{ viewer { id } }', 'BAD_USER_INPUT'],
  ])('%s fails with a code over WebSocket, and the connection stays', async (_name, query, code) => {
    const socket = await connected();
    say(socket, { id: '1', type: 'subscribe', payload: { query: query() } });
    const answer = await nextMessage(socket);
    say(socket, { type: 'ping' });

    expect(answer).toMatchObject({ id: '1', type: 'error', payload: [{ extensions: { code } }] });
    expect(await nextMessage(socket)).toEqual({ type: 'pong' });
    socket.close();
  });

  it('over plain POST fails and names the transports', async () => {
    const { errors } = await testApp.ask(watch(conversation.id), { token: reader.token });

    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(errors?.[0]?.message).toMatch(/graphql-transport-ws.*text\/event-stream.*multipart\/mixed/);
  });

  it('by GET fails', async () => {
    const response = await testApp.server.inject({
      method: 'GET',
      url: `/graphql?query=${encodeURIComponent(watch(conversation.id))}`,
      headers: {
        authorization: `Bearer ${reader.token}`,
        accept: 'text/event-stream, application/json',
        'apollo-require-preflight': 'true',
      },
    });

    expect(response.json().errors).toHaveLength(1);
  });

  it.each(['text/event-stream', 'multipart/mixed;subscriptionSpec="1.0"'])(
    'without a credential fails over %s with UNAUTHENTICATED',
    async (accept) => {
      const { errors } = await testApp.ask(watch(conversation.id), { headers: { accept } });

      expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    },
  );

  it('beyond the number that a connection may have fails with RATE_LIMITED', async () => {
    const socket = await connected();
    const answers: unknown[] = [];
    socket.on('message', (data: Buffer) => answers.push(JSON.parse(data.toString('utf8'))));
    for (const id of ['1', '2', '3'])
      say(socket, { id, type: 'subscribe', payload: { query: watch(conversation.id) } });
    while (answers.length < 3) await once(socket, 'message');
    socket.close();

    expect(answers).toContainEqual(
      expect.objectContaining({
        id: '3',
        type: 'error',
        payload: [expect.objectContaining({ message: expect.stringContaining('2 subscriptions') })],
      }),
    );
  });
});

describe('a WebSocket', () => {
  it.each([
    ['sends no connection_init', async () => open(), 4408],
    [
      'sends a second connection_init',
      async () => {
        const socket = await connected();
        say(socket, { type: 'connection_init' });
        return socket;
      },
      4429,
    ],
    [
      'subscribes before connection_init',
      async () => {
        const socket = await open();
        say(socket, { id: '1', type: 'subscribe', payload: { query: watch(conversation.id) } });
        return socket;
      },
      4401,
    ],
    [
      'has a wrong credential',
      async () => {
        const socket = await open();
        say(socket, { type: 'connection_init', payload: { authorization: 'Bearer parley_session_wrong' } });
        return socket;
      },
      4401,
    ],
    [
      'has no credential',
      async () => {
        const socket = await open();
        say(socket, { type: 'connection_init' });
        return socket;
      },
      4401,
    ],
    [
      'uses an id twice',
      async () => {
        const socket = await connected();
        for (const id of ['1', '1'])
          say(socket, { id, type: 'subscribe', payload: { query: watch(conversation.id) } });
        return socket;
      },
      4409,
    ],
    [
      'sends what is not JSON',
      async () => {
        const socket = await connected();
        socket.send('hello');
        return socket;
      },
      4400,
    ],
    [
      'sends a binary message',
      async () => {
        const socket = await connected();
        socket.send(Buffer.from([1, 2, 3]));
        return socket;
      },
      1003,
    ],
    [
      'sends a message of 2 MB',
      async () => {
        const socket = await connected();
        socket.send('x'.repeat(2_000_000));
        return socket;
      },
      1009,
    ],
  ])('that %s is closed with a code', async (_name, misbehave, code) => {
    expect(await closeCode(await misbehave())).toBe(code);
  });

  it.each([
    ['another subprotocol', { 'sec-websocket-protocol': 'graphql-ws' }, 400],
    ['no subprotocol', {}, 400],
    [
      'another origin',
      { 'sec-websocket-protocol': 'graphql-transport-ws', origin: 'https://evil.example' },
      403,
    ],
  ])('with %s is refused before it opens', async (_name, headers, status) => {
    expect(await upgrade('/graphql', { upgrade: 'websocket', ...headers })).toMatchObject({ status });
  });

  it('to another URL is refused', async () => {
    const answer = await upgrade('/somewhere', {
      upgrade: 'websocket',
      'sec-websocket-protocol': 'graphql-transport-ws',
    });

    expect(answer.status).toBe(404);
  });
});

describe('a request for an upgrade to another protocol', () => {
  it('is answered as if it had requested none', async () => {
    const answer = await upgrade(
      '/graphql',
      { upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' },
      {
        query: '{ settings { maxMessageLength } }',
      },
    );

    expect(answer).toMatchObject({ status: 200, body: { data: { settings: { maxMessageLength: 8000 } } } });
  });
});

/** Sends a request with an upgrade, and reads the response to it. */
function upgrade(path: string, headers: Record<string, string>, body?: object) {
  return new Promise<{ status: number; body: unknown }>((resolve, reject) => {
    const outgoing = httpRequest(`${origin}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        connection: 'upgrade',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
