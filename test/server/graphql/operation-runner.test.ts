import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ApolloServer } from '@apollo/server';
import { aTenant, aUser, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let user: TestUser;
const throughApollo = vi.spyOn(ApolloServer.prototype, 'executeOperation');

beforeAll(async () => {
  testApp = await startTestApp({ EXECUTOR: 'level' });
  user = await aUser(testApp, await aTenant(testApp));
});
afterAll(async () => {
  throughApollo.mockRestore();
  await testApp.close();
});

/** The answers to the same request, sent twice, and how often Apollo Server was asked. */
async function twice(
  query: string,
  options: { method?: 'GET' | 'POST'; variables?: object; operationName?: string } = {},
) {
  const { method = 'POST', ...rest } = options;
  throughApollo.mockClear();
  const send = async () => {
    const { payload, statusCode } = await testApp.server.inject({
      method,
      url: '/graphql',
      headers: {
        authorization: `Bearer ${user.token}`,
        'apollo-require-preflight': 'true',
        'x-request-id': 'same',
      },
      ...(method === 'GET' ? { query: { query } } : { payload: { query, ...rest } }),
    });
    return `${statusCode} ${payload}`;
  };
  const answers = [await send(), await send()];
  return { answers, askedApollo: throughApollo.mock.calls.length };
}

describe('a validated document', () => {
  it.each([
    ['a query', '{ viewer { id displayName } }'],
    ['a query with an error', '{ conversations(first: 1, last: 1) { totalCount } }'],
    [
      'a mutation',
      'mutation { updateProfile(input: { bio: "new" }) { user { profile { bio } } userErrors { code } } }',
    ],
    ['one with conditions', 'query { viewer { id @skip(if: true) displayName } }'],
  ])('is answered without Apollo Server, and the same: %s', async (_what, query) => {
    const { answers, askedApollo } = await twice(query);

    expect(answers[1]).toBe(answers[0]);
    expect(askedApollo).toBe(1);
  });

  it.each([
    ['introspection', '{ __schema { queryType { name } } }', {}],
    ['variables that do not fit', 'query ($id: ID!) { user(id: $id) { id } }', {}],
    ['an operation that is not there', 'query A { viewer { id } }', { operationName: 'B' }],
    ['a mutation by GET', 'mutation { signOut { userErrors { code } } }', { method: 'GET' as const }],
    ['what is not valid', '{ viewer { nothing } }', {}],
  ])('is left to it: %s', async (_what, query, options) => {
    const { answers, askedApollo } = await twice(query, options);

    expect(answers[1]).toBe(answers[0]);
    expect(askedApollo).toBe(2);
  });
});
