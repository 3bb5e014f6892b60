import * as v3 from 'apollo-client-3/core/index.js';
import { setContext as setContext3 } from 'apollo-client-3/link/context/index.js';
import { relayStylePagination as relay3 } from 'apollo-client-3/utilities/index.js';
import * as v4 from 'apollo-client-4';
import { SetContextLink } from 'apollo-client-4/link/context';
import { relayStylePagination as relay4 } from 'apollo-client-4/utilities';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/platform/security/passwords.ts';
import { aConversation, aTenant, aUser, type TestUser } from '../support/builders.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const password = 'correct horse battery staple';

let testApp: TestApp;
let person: TestUser;
let url: string;
beforeAll(async () => {
  testApp = await startTestApp();
  const tenant = await aTenant(testApp);
  person = await aUser(testApp, tenant, { passwordHash: await hashPassword(password) });
  await aConversation(testApp, tenant, { owner: person, messages: ['hello'] });
  url = `${await testApp.server.listen({ host: '127.0.0.1', port: 0 })}/graphql`;
});
afterAll(() => testApp.close());

/** A client with the links of Apollo's documentation, and the token that the next request sends. */
interface Client {
  token: string;
  query(text: string, variables?: Record<string, unknown>): Promise<unknown>;
  /** Reads from the cache alone; null unless everything is there. */
  read(text: string): unknown;
  mutate(text: string, variables?: Record<string, unknown>): Promise<unknown>;
}

// As in "Authentication" of Apollo's documentation: without a token the header is an empty text.
const headersOf = (headers: object, token: string) => ({
  headers: { ...headers, authorization: token === '' ? '' : `Bearer ${token}` },
});

function apolloClient3(): Client {
  const auth = setContext3((_operation, { headers }) => headersOf(headers, state.token));
  const client = new v3.ApolloClient({
    link: auth.concat(new v3.HttpLink({ uri: url })),
    cache: new v3.InMemoryCache({ typePolicies: { Query: { fields: { conversations: relay3() } } } }),
  });
  const state: Client = {
    token: '',
    query: async (text, variables = {}) => (await client.query({ query: v3.gql(text), variables })).data,
    read: (text) => client.readQuery({ query: v3.gql(text) }),
    mutate: async (text, variables = {}) => (await client.mutate({ mutation: v3.gql(text), variables })).data,
  };
  return state;
}

function apolloClient4(): Client {
  const auth = new SetContextLink(({ headers }) => headersOf(headers ?? {}, state.token));
  const client = new v4.ApolloClient({
    link: auth.concat(new v4.HttpLink({ uri: url })),
    cache: new v4.InMemoryCache({ typePolicies: { Query: { fields: { conversations: relay4() } } } }),
  });
  const state: Client = {
    token: '',
    query: async (text, variables = {}) => (await client.query({ query: v4.gql(text), variables })).data,
    read: (text) => client.readQuery({ query: v4.gql(text) }),
    mutate: async (text, variables = {}) => (await client.mutate({ mutation: v4.gql(text), variables })).data,
  };
  return state;
}

const signIn = `mutation SignIn($email: EmailAddress!, $password: String!) {
  signIn(input: { email: $email, password: $password }) { token user { id } userErrors { message } }
}`;

describe.each([
  ['3', apolloClient3],
  ['4', apolloClient4],
])('Apollo Client %s', (_version, createClient) => {
  it('is anonymous with the empty authorization of its documented link', async () => {
    expect(
      await createClient().query('query Viewer { viewer { id } settings { maxMessageLength } }'),
    ).toEqual({
      viewer: null,
      settings: expect.anything(),
    });
  });

  it('signs in without a token, and with a token that is no longer valid', async () => {
    for (const token of ['', 'parley_session_stale', person.token]) {
      const client = createClient();
      client.token = token;

      expect(await client.mutate(signIn, { email: person.email, password })).toMatchObject({
        signIn: { token: expect.any(String), user: { id: person.id }, userErrors: [] },
      });
    }
  });

  it('gets an error for a wrong token', async () => {
    const client = createClient();
    client.token = 'parley_session_wrong';

    await expect(client.query('query Viewer { viewer { id } }')).rejects.toMatchObject({
      message: expect.stringMatching(/401|session token/),
    });
  });

  it('loses nothing of a profile and a membership that two operations select differently', async () => {
    const client = createClient();
    client.token = person.token;
    const first =
      'query First { viewer { id profile { id firstName } memberships { id role } } settings { id signUpEnabled } }';
    await client.query(first);
    await client.query(
      'query Second { viewer { id profile { id lastName } memberships { id joinedAt } } settings { id updatedAt } }',
    );

    expect(client.read(first)).toMatchObject({
      viewer: { profile: { firstName: 'Test' }, memberships: [{ role: expect.any(String) }] },
      settings: { signUpEnabled: expect.any(Boolean) },
    });
  });

  it('pages with relayStylePagination from an empty cursor', async () => {
    const client = createClient();
    client.token = person.token;
    const page = await client.query(
      `query Page($after: String) {
        conversations(first: 10, after: $after) {
          edges { node { id } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }`,
      { after: '' },
    );

    expect(page).toMatchObject({ conversations: { edges: [{ node: { id: expect.any(String) } }] } });
  });
});
