import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, openFrontDoor, secret } from '../support/front-door.ts';

type FrontDoor = Awaited<ReturnType<typeof openFrontDoor>>;

const graphqlType = 'application/graphql-response+json';

let door: FrontDoor;
beforeAll(async () => {
  door = await openFrontDoor();
});
afterAll(() => door.close());

describe('credentials', () => {
  it('identify the viewer', async () => {
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

  it('are checked before the body', async () => {
    const response = await door.post('{', { authorization: 'Bearer bad' });

    expect(await failureOf(response)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });
});

describe('errors', () => {
  it.each(['broken', 'unserializable', 'thrownByLibrary'])(
    'that are unexpected are masked, and logged with the stack and the request ID: %s',
    async (field) => {
      const failure = await failureOf(await door.post({ query: `{ ${field} }` }));

      expect(failure).toMatchObject({
        status: 200,
        code: 'INTERNAL_SERVER_ERROR',
        message: 'Internal error; please quote the request ID.',
        path: [field],
        data: { [field]: null },
      });
      expect(failure.text).not.toContain(secret);
      const entry = door.logged.find(({ requestId }) => requestId === failure.requestId);
      expect(entry).toMatchObject({ level: 50, path: [field] });
      expect(entry?.err?.stack).toContain(secret);
    },
  );

  it('that are refusals keep their message', async () => {
    for (const field of ['forbidden', 'wrapped']) {
      const failure = await failureOf(await door.post({ query: `{ a: ${field} }` }));

      const message = 'Only a tenant admin may see this.';
      expect(failure).toMatchObject({ code: 'FORBIDDEN', message, path: ['a'] });
    }
  });

  it('of an invalid input have the code of its first error', async () => {
    const failure = await failureOf(await door.post({ query: '{ missing }' }));

    expect(failure).toMatchObject({ code: 'NOT_FOUND', message: 'There is no such conversation.' });
  });

  it('of a dependency are UNAVAILABLE, and logged as a warning with the cause', async () => {
    const failure = await failureOf(await door.post({ query: '{ outage }' }));

    expect(failure).toMatchObject({ code: 'UNAVAILABLE', data: { outage: null } });
    expect(failure.text).not.toContain(secret);
    expect(door.logged.find(({ requestId }) => requestId === failure.requestId)).toMatchObject({
      level: 40,
      reason: `connect to ${secret}`,
    });
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

  it("of the client name the variable and the scalar's message", async () => {
    const query = 'query ($e: Even!) { half(of: $e) }';
    const failure = await failureOf(await door.post({ query, variables: { e: 3 } }));

    expect(failure.message).toBe('Variable "$e" got invalid value 3; An Even is a number such as 2.');
  });

  it("in a resolver can be the client's too", async () => {
    const query = 'query ($t: String = "a") { required(text: $t) }';
    const failure = await failureOf(await door.post({ query, variables: { t: null } }));

    expect(failure).toMatchObject({ status: 200, code: 'BAD_USER_INPUT', path: ['required'] });
  });
});
