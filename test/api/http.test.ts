import { connect, type Socket } from 'node:net';
import { serverAudits } from 'graphql-http';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, openFrontDoor, secret, speak } from '../support/front-door.ts';

type FrontDoor = Awaited<ReturnType<typeof openFrontDoor>>;

const graphqlType = 'application/graphql-response+json';
const preflighted = { 'apollo-require-preflight': 'true' };

let door: FrontDoor;
beforeAll(async () => {
  door = await openFrontDoor();
});
afterAll(() => door.close());

/** Where the audits go: their list must be known before the server, and its port, is there. */
const auditUrl = () => door.url;
const fetchPreflighted = (url: string | URL, init: RequestInit = {}) =>
  fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), ...preflighted } });

describe('GraphQL over HTTP', () => {
  for (const audit of serverAudits({ url: auditUrl, fetchFn: fetchPreflighted })) {
    it(`${audit.id}: ${audit.name}`, async () => {
      expect(await audit.fn()).toMatchObject({ status: 'ok' });
    });
  }

  it('answers an operation', async () => {
    const response = await door.post({ query: '{ hello }' });

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"data":{"hello":"world"}}');
  });

  it('answers a query in the URL', async () => {
    const search = new URLSearchParams({
      query: 'query ($t: String!) { echo(text: $t) }',
      variables: '{"t":"ü"}',
    });
    const response = await fetch(`${door.url}?${search.toString()}`, { headers: preflighted });

    expect(await response.json()).toEqual({ data: { echo: 'ü' } });
  });

  it.each([
    [undefined, 'application/json; charset=utf-8'],
    ['', 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['application/*', 'application/json; charset=utf-8'],
    ['application/json;charset=UTF-8', 'application/json; charset=utf-8'],
    ['text/html, application/json;q=0.1', 'application/json; charset=utf-8'],
    [`${graphqlType}, application/json`, `${graphqlType}; charset=utf-8`],
    [`${graphqlType};charset=utf-8, application/json;charset=utf-8`, `${graphqlType}; charset=utf-8`],
    [`${graphqlType};q=0.5, application/json;q=0.9`, 'application/json; charset=utf-8'],
    [`application/json;q=0, */*`, `${graphqlType}; charset=utf-8`],
  ])('answers Accept: %s with %s', async (accept, contentType) => {
    const response = await door.post({ query: '{ hello }' }, accept === undefined ? {} : { accept });

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(contentType);
  });

  it('gives 400 to what can not be executed, but 200 to those who asked for application/json', async () => {
    const invalid = { query: '{ nothing }' };
    const strict = await failureOf(await door.post(invalid, { accept: graphqlType }));
    const legacy = await failureOf(await door.post(invalid, { accept: 'application/json' }));

    expect(strict).toMatchObject({ status: 400, code: 'BAD_USER_INPUT', data: undefined });
    expect(legacy).toMatchObject({ status: 200, code: 'BAD_USER_INPUT', data: undefined });
  });

  it('gives 200 to what was executed, whatever came of it', async () => {
    for (const accept of ['application/json', graphqlType]) {
      const failure = await failureOf(await door.post({ query: '{ hello forbidden }' }, { accept }));
      expect(failure).toMatchObject({
        status: 200,
        code: 'FORBIDDEN',
        data: { hello: 'world', forbidden: null },
      });
    }
  });

  it('tells a client that hopes for persisted queries to send the query', async () => {
    const response = await door.post({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a' } } });

    expect(await failureOf(response)).toMatchObject({ status: 200, message: 'PersistedQueryNotSupported' });
  });
});

describe('a request that is refused at the door', () => {
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
  ])('is answered in the one form: %s', async (_name, body, headers, status) => {
    const response = await door.post(body, headers);
    const contentType = response.headers.get('content-type');

    expect(await failureOf(response)).toMatchObject({ status, code: 'BAD_USER_INPUT', data: undefined });
    expect(contentType).toBe('application/json; charset=utf-8');
  });

  it('is told that batches are not accepted', async () => {
    const failure = await failureOf(await door.post([{ query: '{ hello }' }]));

    expect(failure.message).toBe('A batch of operations is not accepted; send one operation a request.');
  });

  it('is given the media type that it asked for', async () => {
    const response = await door.post('{', { accept: graphqlType });

    expect(response.headers.get('content-type')).toBe(`${graphqlType}; charset=utf-8`);
  });

  it('has changed nothing when its Accept is impossible', async () => {
    const before = door.state.increments;
    const response = await door.post({ query: 'mutation { increment }' }, { accept: 'image/png' });

    expect(response.status).toBe(406);
    expect(door.state.increments).toBe(before);
  });

  it('was not authenticated when its Accept is impossible', async () => {
    const before = door.state.authentications;
    await door.post({ query: '{ hello }' }, { accept: 'image/png', authorization: 'Bearer good' });

    expect(door.state.authentications).toBe(before);
  });

  it.each([
    ['GET', 'GET, POST', '/graphql?query=mutation{increment}', { status: 405, allow: 'POST' }],
    ['PUT', 'GET, POST', '/graphql', { status: 405, allow: 'GET, POST' }],
    ['DELETE', 'GET, POST', '/graphql', { status: 405, allow: 'GET, POST' }],
    ['OPTIONS', 'GET, POST', '/graphql', { status: 405, allow: 'GET, POST' }],
    ['POST', 'GET, HEAD', '/livez', { status: 405, allow: 'GET, HEAD' }],
  ])('is told what the URL allows: %s', async (method, _allowed, path, { status, allow }) => {
    const before = door.state.increments;
    const response = await fetch(door.origin + path, { method, headers: preflighted });

    expect(response.headers.get('allow')).toBe(allow);
    expect(await failureOf(response)).toMatchObject({ status, code: 'BAD_USER_INPUT' });
    expect(door.state.increments).toBe(before);
  });

  it.each([
    ['GET', '/nothing', 404, 'NOT_FOUND', 'There is nothing at this URL.'],
    ['POST', '/nothing', 404, 'NOT_FOUND', 'There is nothing at this URL.'],
    ['GET', '/graphql/', 404, 'NOT_FOUND', 'There is nothing at this URL.'],
    ['GET', '/%', 400, 'BAD_USER_INPUT', 'The URL has a broken percent-encoding.'],
  ])('is answered in the one form: %s %s', async (method, path, status, code, message) => {
    const response = await fetch(door.origin + path, { method, ...(method === 'POST' && { body: 'x' }) });

    expect(response.headers.get('x-request-id')).not.toBeNull();
    expect(await failureOf(response)).toMatchObject({ status, code, message });
  });

  it.each([
    ['/graphql?query={hello}&query={viewer}', 'A search parameter stands in the URL more than once.'],
    ['/graphql?query={hello}&variables={', 'The search parameter `variables` is not valid JSON.'],
    ['/graphql', '`query` must be a GraphQL document, as a string.'],
  ])('is told what is wrong with its URL: %s', async (path, message) => {
    const response = await fetch(door.origin + path, { headers: preflighted });

    expect(await failureOf(response)).toMatchObject({ status: 400, message });
  });

  it('may be a page of another origin: a GET needs a header that browsers do not send unasked', async () => {
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

  it('may ask for live events: those need another transport', async () => {
    const failure = await failureOf(
      await door.post({ query: 'subscription { ticks }' }, { accept: graphqlType }),
    );

    expect(failure).toMatchObject({ status: 400, code: 'BAD_USER_INPUT', data: undefined });
    expect(failure.message).toContain('subscription');
  });

  it('may be no HTTP at all', async () => {
    const answer = await speak(door.origin, 'HELLO\r\n\r\n');

    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(
      /\r\n\r\n\{"errors":\[\{"message":"[^"]+","extensions":\{"code":"BAD_USER_INPUT","requestId":/,
    );
  });

  it('may have headers without end', async () => {
    const answer = await speak(door.origin, `GET /livez HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`);

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

  it('is no defect of ours, so nothing is logged about it', async () => {
    const before = door.logged.length;
    await door.post('{');
    await door.post({ query: '{ nothing }' });
    await door.post({ query: '{ hello }' }, { authorization: 'Bearer bad' });

    expect(door.logged.slice(before)).toEqual([]);
  });
});

describe('credentials', () => {
  it('say who the viewer is', async () => {
    const response = await door.post({ query: '{ viewer }' }, { authorization: 'Bearer good' });

    expect(await response.json()).toEqual({ data: { viewer: 'Ada' } });
  });

  it.each([
    ['bad', 401, 'UNAUTHENTICATED'],
    ['expired', 401, 'TOKEN_EXPIRED'],
    ['foreign', 403, 'FORBIDDEN'],
    ['outage', 503, 'UNAVAILABLE'],
    ['defect', 500, 'INTERNAL_SERVER_ERROR'],
  ])('are judged before the operation: %s is %i', async (token, status, code) => {
    const before = door.state.increments;
    const response = await door.post(
      { query: 'mutation { increment }' },
      { authorization: `Bearer ${token}` },
    );
    const failure = await failureOf(response);

    expect(failure).toMatchObject({ status, code, data: undefined });
    expect(failure.text).not.toContain(secret);
    expect(response.headers.get('www-authenticate')).toBe(
      status === 401 ? 'Bearer error="invalid_token"' : null,
    );
    expect(response.headers.get('retry-after')).toBe(status === 503 ? '5' : null);
    expect(door.state.increments).toBe(before);
  });

  it('are judged before the body', async () => {
    const response = await door.post('{', { authorization: 'Bearer bad' });

    expect(await failureOf(response)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });
});

describe('errors', () => {
  it.each(['broken', 'unserializable', 'thrownByLibrary'])(
    'of ours are masked, and logged with the stack and the request id: %s',
    async (field) => {
      const failure = await failureOf(await door.post({ query: `{ ${field} }` }));

      expect(failure).toMatchObject({
        status: 200,
        code: 'INTERNAL_SERVER_ERROR',
        message: 'Something went wrong here; the request id helps to find it.',
        path: [field],
        data: { [field]: null },
      });
      expect(failure.text).not.toContain(secret);
      const entry = door.logged.find(({ requestId }) => requestId === failure.requestId);
      expect(entry).toMatchObject({ level: 50, path: [field] });
      expect(entry?.err?.stack).toContain(secret);
    },
  );

  it('that are refusals say so in their own words', async () => {
    for (const field of ['forbidden', 'wrapped']) {
      const failure = await failureOf(await door.post({ query: `{ a: ${field} }` }));

      const message = 'Only a tenant admin may see this.';
      expect(failure).toMatchObject({ code: 'FORBIDDEN', message, path: ['a'] });
    }
  });

  it('that are a refused input have the code of its first fault', async () => {
    const failure = await failureOf(await door.post({ query: '{ missing }' }));

    expect(failure).toMatchObject({ code: 'NOT_FOUND', message: 'There is no such conversation.' });
  });

  it('that are an outage are UNAVAILABLE, and logged as a warning', async () => {
    const failure = await failureOf(await door.post({ query: '{ outage }' }));

    expect(failure).toMatchObject({ code: 'UNAVAILABLE', data: { outage: null } });
    expect(failure.text).not.toContain(secret);
    expect(door.logged.find(({ requestId }) => requestId === failure.requestId)).toMatchObject({ level: 40 });
  });

  it.each([
    ['syntax', '{', {}],
    ['validation', '{ nothing }', {}],
    ['a value in the document', '{ echo(text: "a", count: 2147483648) }', {}],
    ['a value in the variables', 'query ($c: Int) { echo(text: "a", count: $c) }', { c: 2 ** 31 }],
    ['a variable that is missing', 'query ($t: String!) { echo(text: $t) }', {}],
    ['an operation that is missing', 'query A { hello } query B { hello }', {}],
  ])('of the client are BAD_USER_INPUT with what is wrong: %s', async (_name, query, variables) => {
    const failure = await failureOf(await door.post({ query, variables }, { accept: graphqlType }));

    expect(failure).toMatchObject({ status: 400, code: 'BAD_USER_INPUT', data: undefined });
    expect(failure.message).not.toContain('Something went wrong');
  });

  it('of the client name the variable and what a scalar says about its value', async () => {
    const query = 'query ($e: Even!) { half(of: $e) }';
    const failure = await failureOf(await door.post({ query, variables: { e: 3 } }));

    expect(failure.message).toBe('Variable "$e" got invalid value 3; An Even is a number such as 2.');
  });

  it('that only show while a field is answered can be the client’s too', async () => {
    const query = 'query ($t: String = "a") { required(text: $t) }';
    const failure = await failureOf(await door.post({ query, variables: { t: null } }));

    expect(failure).toMatchObject({ status: 200, code: 'BAD_USER_INPUT', path: ['required'] });
  });
});

describe('the request id', () => {
  it('is the caller’s where it is harmless, else a new one, and always in the answer', async () => {
    const own = await door.post('{', { 'x-request-id': 'trace-7.A_b' });
    expect(own.headers.get('x-request-id')).toBe('trace-7.A_b');
    expect((await failureOf(own)).requestId).toBe('trace-7.A_b');

    for (const bad of ['a b', 'x'.repeat(65), '{"level":60}']) {
      const made = await door.post({ query: '{ hello }' }, { 'x-request-id': bad });
      expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe('limits', () => {
  it('stop a document of endless tokens before it is validated', async () => {
    const failure = await failureOf(await door.post({ query: `{ ${'hello '.repeat(2000)} }` }));

    expect(failure.code).toBe('BAD_USER_INPUT');
    expect(failure.message).toContain('2000 tokens');
  });

  it('stop fragments that spread to millions of fields', async () => {
    const fragments = Array.from(
      { length: 16 },
      (_, level) =>
        `fragment F${level} on Node { a: self { ...F${level + 1} } b: self { ...F${level + 1} } }`,
    );
    const query = `{ rogue { ...F0 } } ${fragments.join(' ')} fragment F16 on Node { name }`;
    const failure = await failureOf(await door.post({ query }));

    expect(failure.message).toContain('too many selections');
  });

  it('leave room for introspection', async () => {
    const response = await door.post({
      query: getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true }),
    });

    expect(await response.json()).toHaveProperty('data.__schema');
  });
});

describe('without explorers', () => {
  it('tells nothing about the schema', async () => {
    const closed = await openFrontDoor({
      config: { isProduction: true, isExplorerEnabled: false },
      demo: null,
    });
    const introspection = await failureOf(await closed.post({ query: '{ __schema { types { name } } }' }));
    const typo = await failureOf(await closed.post({ query: '{ helo }' }));
    await closed.close();

    expect(introspection).toMatchObject({ code: 'BAD_USER_INPUT', data: undefined });
    expect(typo.message).toBe('Cannot query field "helo" on type "Query".');
  });
});

describe('health', () => {
  it('says that the process lives, and asks nobody', async () => {
    const sick = await openFrontDoor({ isReady: () => Promise.reject(new Error(secret)) });
    const response = await fetch(`${sick.origin}/livez`);
    const unready = await failureOf(await fetch(`${sick.origin}/readyz`));
    await sick.close();

    expect(response.status).toBe(200);
    expect(unready).toMatchObject({ status: 500, code: 'INTERNAL_SERVER_ERROR' });
    expect(unready.text).not.toContain(secret);
  });

  it('says which part is not ready', async () => {
    const readiness = {
      ready: false,
      components: [{ name: 'database', status: 'UNHEALTHY', message: 'No connection within 2 s.' }],
    } as const;
    const sick = await openFrontDoor({ isReady: async () => readiness });
    const response = await fetch(`${sick.origin}/readyz`);
    await sick.close();

    expect(response.status).toBe(503);
    expect(await response.json()).toEqual(readiness);
    expect((await fetch(`${door.origin}/readyz`)).status).toBe(200);
  });
});

describe('every answer', () => {
  it.each(['/graphql?query={hello}', '/livez', '/nothing'])(
    'carries the security headers: %s',
    async (path) => {
      const { headers } = await fetch(door.origin + path, { headers: preflighted });

      expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );
});

describe('closing', () => {
  it('answers what is under way, then stops', async () => {
    let admit = () => {};
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const admitted = new Promise<null>((resolve) => (admit = () => resolve(null)));
    const closing = await openFrontDoor({
      authenticate: () => {
        arrive();
        return admitted;
      },
    });
    const pending = closing.post({ query: '{ hello }' });
    await arrived;
    const closed = closing.close();
    admit();

    expect(await (await pending).json()).toEqual({ data: { hello: 'world' } });
    await closed;
    await expect(closing.post({ query: '{ hello }' })).rejects.toThrow();
  });

  it('answers a request that was still arriving, in full, and ends its connection', async () => {
    const closing = await openFrontDoor();
    const socket = connect(Number(new URL(closing.origin).port), '127.0.0.1');
    const accepted = new Promise<Socket>((resolve) => closing.server.once('connection', resolve));
    socket.write('GET /livez HTTP/1.1\r\n');
    const peer = await accepted;
    // An idle connection would be closed at once: the server has to have read this one's first line.
    await expect.poll(() => peer.bytesRead).toBeGreaterThan(0);
    const closed = closing.close();
    socket.write('host: parley\r\n\r\n');
    const answer = (await socket.toArray()).join('');
    await closed;

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('connection: close');
    expect(answer).toContain('{"status":"alive"}');
  });
});
