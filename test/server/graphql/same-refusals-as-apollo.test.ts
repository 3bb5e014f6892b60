import { ApolloServer, HeaderMap, type HTTPGraphQLRequest } from '@apollo/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const methods = ['GET', 'POST', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const contentTypes = [
  undefined,
  'application/json',
  'Application/JSON; charset=utf-8',
  'application/json-seq',
  'application/json garbage',
  'application/graphql',
  'application/graphql-response+json',
  'application/x-www-form-urlencoded',
  'application/xml',
  'multipart/form-data; boundary=x',
  'text/plain',
  'TEXT/PLAIN; charset=utf-8',
  'text/plain;application/json',
  'text/html',
  'garbage',
  '/',
];
const preflightHeaders = [{}, { 'apollo-require-preflight': 'true' }, { 'x-apollo-operation-name': 'Q' }];
const query = '{ __typename }';

let testApp: TestApp;
let apollo: ApolloServer;

beforeAll(async () => {
  testApp = await startTestApp();
  apollo = new ApolloServer({ typeDefs: 'type Query { a: Int }' });
  await apollo.start();
});
afterAll(async () => {
  await apollo.stop();
  await testApp.close();
});

/** The status of Apollo Server behind an integration that, like all of them, parses bodies of JSON only. */
async function statusOfApollo(method: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const isJson = /^application\/json *(;|$)/i.test(headers['content-type'] ?? '');
  const request: HTTPGraphQLRequest = {
    method,
    headers: new HeaderMap(Object.entries(headers)),
    search: `?query=${encodeURIComponent(query)}`,
    body: method === 'POST' && isJson ? { query } : undefined,
  };
  const response = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: request,
    context: async () => ({}),
  });
  return response.status ?? 200;
}

async function statusOfParley(method: (typeof methods)[number], headers: Readonly<Record<string, string>>) {
  const response = await testApp.server.inject({
    method,
    headers,
    url: method === 'POST' ? '/graphql' : `/graphql?query=${encodeURIComponent(query)}`,
    ...(method === 'POST' && { payload: JSON.stringify({ query }) }),
  });
  return response.statusCode;
}

const cases = methods.flatMap((method) =>
  contentTypes.flatMap((type) =>
    preflightHeaders.map((preflight): [string, string, Record<string, string>] => {
      const headers = { ...preflight, ...(type !== undefined && { 'content-type': type }) };
      return [method, JSON.stringify(headers), headers];
    }),
  ),
);

describe('a request that Apollo Server rejects', () => {
  it('is rejected here too, for every method and content type', async () => {
    const answeredHere: string[] = [];
    let rejected = 0;
    for (const method of methods) {
      for (const [, name, headers] of cases.filter(([of]) => of === method)) {
        const status = await statusOfApollo(method, headers);
        if (status < 400) continue;
        rejected += 1;
        const own = await statusOfParley(method, headers);
        if (own < 400) answeredHere.push(`${method} ${name}: ${status} of Apollo, ${own} here`);
        if (method === 'GET') expect([name, own]).toEqual([name, status]);
      }
    }

    expect(rejected).toBeGreaterThan(200);
    expect(answeredHere).toEqual([]);
  });

  it('is not one with the content type that both accept', async () => {
    for (const method of ['GET', 'POST'] as const) {
      const headers = { 'content-type': 'application/json; charset=utf-8' };
      expect([await statusOfApollo(method, headers), await statusOfParley(method, headers)]).toEqual([
        200, 200,
      ]);
    }
  });
});
