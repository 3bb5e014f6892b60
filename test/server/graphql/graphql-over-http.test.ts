import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, openFrontDoor } from '../../support/front-door.ts';

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

  it('answers 400 to an invalid operation, but 200 for application/json', async () => {
    const invalid = { query: '{ nothing }' };
    const strict = await failureOf(await door.post(invalid, { accept: graphqlType }));
    const legacy = await failureOf(await door.post(invalid, { accept: 'application/json' }));

    expect(strict).toMatchObject({ status: 400, code: 'BAD_USER_INPUT', data: undefined });
    expect(legacy).toMatchObject({ status: 200, code: 'BAD_USER_INPUT', data: undefined });
  });

  it('answers 200 to an executed operation, whatever its result', async () => {
    for (const accept of ['application/json', graphqlType]) {
      const failure = await failureOf(await door.post({ query: '{ hello forbidden }' }, { accept }));
      expect(failure).toMatchObject({
        status: 200,
        code: 'FORBIDDEN',
        data: { hello: 'world', forbidden: null },
      });
    }
  });

  it('answers an unknown persisted query with PersistedQueryNotFound', async () => {
    const response = await door.post({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a' } } });

    expect(await failureOf(response)).toMatchObject({ status: 200, message: 'PersistedQueryNotFound' });
  });
});
