import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, openFrontDoor, speak } from '../../support/front-door.ts';

type FrontDoor = Awaited<ReturnType<typeof openFrontDoor>>;

const graphqlType = 'application/graphql-response+json';
const preflighted = { 'apollo-require-preflight': 'true' };

let door: FrontDoor;
beforeAll(async () => {
  door = await openFrontDoor();
});
afterAll(() => door.close());

describe('a rejected request', () => {
  it.each([
    ['malformed JSON', '{"query": ', {}, 400],
    ['an empty body', '', {}, 400],
    ['a batch', [{ query: '{ hello }' }], {}, 400],
    ['a body that is text', '"{ hello }"', {}, 400],
    ['a body that is null', 'null', {}, 400],
    ['no query', { variables: {} }, {}, 400],
    ['an empty query', { query: '' }, {}, 400],
    ['variables as text', { query: '{ hello }', variables: '{}' }, {}, 400],
    ['a key that sets a prototype', '{"query":"{ hello }","__proto__":{"a":1}}', {}, 400],
    ['a body over the limit', { query: '{ hello }', x: 'x'.repeat(300 * 1024) }, {}, 413],
    ['a form', 'query={hello}', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['plain text', '{ hello }', { 'content-type': 'text/plain' }, 415],
    ['another charset', { query: '{ hello }' }, { 'content-type': 'application/json; charset=latin1' }, 415],
    ['a compressed body', { query: '{ hello }' }, { 'content-encoding': 'gzip' }, 415],
    ['an Accept that nothing satisfies', { query: '{ hello }' }, { accept: 'text/csv' }, 406],
    ['a page, by POST', { query: '{ hello }' }, { accept: 'text/html' }, 406],
  ])('has the common form of errors: %s', async (_name, body, headers, status) => {
    const response = await door.post(body, headers);
    const contentType = response.headers.get('content-type');

    expect(await failureOf(response)).toMatchObject({ status, code: 'BAD_USER_INPUT', data: undefined });
    expect(contentType).toBe('application/json; charset=utf-8');
  });

  it('gets an error for a batch', async () => {
    const failure = await failureOf(await door.post([{ query: '{ hello }' }]));

    expect(failure.message).toBe('A batch of operations is not accepted; send one operation a request.');
  });

  it('gets the media type of its Accept header', async () => {
    const response = await door.post('{', { accept: graphqlType });

    expect(response.headers.get('content-type')).toBe(`${graphqlType}; charset=utf-8`);
  });

  it('has changed nothing when its Accept cannot be satisfied', async () => {
    const before = door.state.increments;
    const response = await door.post({ query: 'mutation { increment }' }, { accept: 'image/png' });

    expect(response.status).toBe(406);
    expect(door.state.increments).toBe(before);
  });

  it('was not authenticated when its Accept cannot be satisfied', async () => {
    const before = door.state.authentications;
    await door.post({ query: '{ hello }' }, { accept: 'image/png', authorization: 'Bearer good' });

    expect(door.state.authentications).toBe(before);
  });

  it.each([
    ['GET', '/graphql?query=mutation{increment}', 'POST'],
    ['PUT', '/graphql', 'GET, POST'],
    ['HEAD', '/graphql', 'GET, POST'],
    ['OPTIONS', '/graphql', 'GET, POST'],
    ['POST', '/livez', 'GET, HEAD'],
  ])('gets the methods that the URL allows: %s %s', async (method, path, allow) => {
    const before = door.state.increments;
    const response = await fetch(door.origin + path, { method, headers: preflighted });

    expect(response.headers.get('allow')).toBe(allow);
    expect(response.status).toBe(405);
    if (method !== 'HEAD') expect((await failureOf(response)).code).toBe('BAD_USER_INPUT');
    expect(door.state.increments).toBe(before);
  });

  it.each([
    ['GET', '/nothing', 404, 'NOT_FOUND', 'There is nothing at this URL.'],
    ['POST', '/nothing', 404, 'NOT_FOUND', 'There is nothing at this URL.'],
    ['GET', '/graphql/', 404, 'NOT_FOUND', 'There is nothing at this URL.'],
    ['GET', '/%', 400, 'BAD_USER_INPUT', 'The URL has a broken percent-encoding.'],
  ])('has the common form of errors: %s %s', async (method, path, status, code, message) => {
    const response = await fetch(door.origin + path, { method, ...(method === 'POST' && { body: 'x' }) });

    expect(response.headers.get('x-request-id')).not.toBeNull();
    expect(await failureOf(response)).toMatchObject({ status, code, message });
  });

  it.each([
    ['/graphql?query={hello}&query={viewer}', 'The URL has a search parameter more than once.'],
    ['/graphql?query={hello}&variables={', 'The search parameter `variables` is not valid JSON.'],
    ['/graphql', '`query` must be a GraphQL document, as a string.'],
  ])('gets the error of its URL: %s', async (path, message) => {
    const response = await fetch(door.origin + path, { headers: preflighted });

    expect(await failureOf(response)).toMatchObject({ status: 400, message });
  });

  it('may be a cross-origin GET without the preflight header', async () => {
    const url = `${door.url}?query={hello}`;
    const failure = await failureOf(await fetch(url));
    expect(failure).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    expect(failure.message).toContain('apollo-require-preflight');

    const simple = { 'content-type': 'text/plain' };
    expect((await fetch(url, { headers: simple })).status).toBe(400);
    for (const headers of [
      preflighted,
      { 'x-apollo-operation-name': 'a' },
      { 'content-type': 'application/json' },
    ]) {
      expect((await fetch(url, { headers })).status).toBe(200);
    }
  });

  it('may be a subscription', async () => {
    const failure = await failureOf(
      await door.post({ query: 'subscription { ticks }' }, { accept: graphqlType }),
    );

    expect(failure).toMatchObject({ status: 400, code: 'BAD_USER_INPUT', data: undefined });
    expect(failure.message).toContain('subscription');
  });

  it('may be no valid HTTP', async () => {
    const answer = await speak(door.origin, 'HELLO\r\n\r\n');

    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(
      /\r\n\r\n\{"errors":\[\{"message":"[^"]+","extensions":\{"code":"BAD_USER_INPUT","requestId":/,
    );
  });

  it('may have endless headers', async () => {
    const answer = await speak(door.origin, `GET /livez HTTP/1.1\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"code":"BAD_USER_INPUT"');
  });

  it('may arrive too slowly', async () => {
    const accepted = new Promise<Socket>((resolve) => door.server.once('connection', resolve));
    const socket = connect(Number(new URL(door.origin).port), '127.0.0.1');
    // What Node's server emits when `requestTimeout` has passed.
    door.server.emit(
      'clientError',
      Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }),
      await accepted,
    );
    const answer = (await socket.toArray()).join('');

    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain('"code":"TIMEOUT"');
  });

  it('is not logged as an error', async () => {
    const before = door.logged.length;
    await door.post('{');
    await door.post({ query: '{ nothing }' });
    await door.post({ query: '{ hello }' }, { authorization: 'Bearer bad' });

    expect(door.logged.slice(before)).toEqual([]);
  });
});
