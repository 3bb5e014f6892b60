import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let viewer: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  const tenant = await aTenant(testApp);
  viewer = await aUser(testApp, tenant);
  for (const title of ['one', 'two']) {
    await aConversation(testApp, tenant, { title, author: viewer, messages: ['a', 'b', 'c'] });
  }
  await testApp.data('{ viewer { id } }', { token: viewer.token });
});
afterAll(() => testApp.close());

/** What the server says that an operation costs. */
async function costOf(query: string, variables: Readonly<Record<string, unknown>> = {}) {
  const { token } = viewer;
  const { extensions, errors } = await testApp.ask(query, {
    token,
    variables,
    headers: { 'graphql-cost': 'report' },
  });
  expect(errors).toBeUndefined();
  return extensions?.cost;
}

async function refusalOf(query: string, variables: Readonly<Record<string, unknown>> = {}) {
  const { token } = viewer;
  const { errors, data } = await testApp.expectStatements(0, () => testApp.ask(query, { token, variables }));
  expect(data).toBeUndefined();
  return { code: errors?.[0]?.extensions.code, message: errors?.[0]?.message };
}

const page = '{ nodes { title messages(last: 10) { nodes { content author { displayName } } } } }';

describe('the cost of an operation', () => {
  it.each([
    ['{ viewer { displayName profile { bio } } }', 1, 1],
    ['{ settings { maxMessageLength } models { name } }', 22, 2],
    ['{ conversations(first: 20) { nodes { title } } }', 21, 3],
    ['{ conversations(first: 20) { totalCount nodes { title lastMessage { content } } } }', 42, 6],
    [`{ conversations(first: 20) ${page} }`, 441, 17],
    ['{ conversations { edges { node { title } } } }', 51, 3],
    ['{ nodes(ids: ["x", "y", "z"]) { id } }', 4, 4],
    ['{ node(id: "x") { ... on User { memberships { role } } ... on Tenant { name } } }', 4, 1],
    ['{ searchMessages(query: "x", first: 5) { nodes { content } } }', 105, 100],
    ['{ searchMessages(query: "x", first: 0) { totalCount } }', 500, 500],
    ['{ conversations(first: 0) { a: totalCount b: totalCount } }', 3, 3],
    ['{ viewer { profile { preferences } } }', 1, 1],
    ['{ viewer { profile { a: preferences b: preferences c: preferences } } }', 3, 3],
    ['mutation { signOut { userErrors { message } } }', 10, 10],
  ])('is determined by the selected fields and the returned rows: %s', async (query, requested, actual) => {
    const fresh = query.startsWith('mutation') ? await anotherViewer() : viewer;
    const answer = await testApp.ask(query, { token: fresh.token, headers: { 'graphql-cost': 'report' } });

    expect(answer.extensions?.cost).toEqual({ requested, actual });
  });

  it('is reported only on request', async () => {
    const { extensions } = await testApp.ask('{ viewer { id } }', { token: viewer.token });

    expect(extensions).toBeUndefined();
  });

  it('depends on variables, their defaults and conditions', async () => {
    const query = `query ($n: Int = 7, $deep: Boolean = false) {
      conversations(first: $n) { nodes { id lastMessage @include(if: $deep) { id } } } }`;

    expect(await costOf(query)).toMatchObject({ requested: 8 });
    expect(await costOf(query, { n: 3 })).toMatchObject({ requested: 4 });
    expect(await costOf(query, { n: null })).toMatchObject({ requested: 51 });
    expect(await costOf(query, { n: 3, deep: true })).toMatchObject({ requested: 7 });
  });

  it('counts a field of several fragments once', async () => {
    const query = `{ conversations(first: 4) { nodes { ...a ...b } } }
      fragment a on Conversation { lastMessage { id } } fragment b on Conversation { lastMessage { content } }`;

    expect(await costOf(query)).toMatchObject({ requested: 9 });
  });
});

describe('an operation over a limit is rejected before any statement', () => {
  const nested = (pairs: number) => `${'memberships { user { '.repeat(pairs)} id ${'} } '.repeat(pairs)}`;
  const ids = Array.from({ length: 201 }, (_, index) => `user_${index}`);

  it.each([
    ['rows', '{ conversations(first: 200) { nodes { messages(first: 200) { nodes { id } } } } }', '10000'],
    [
      'rows of a page without a size',
      `{ conversations(first: 200) { nodes { messages { nodes { author { id } } } } } }`,
      '20401',
    ],
    ['rows of one page', '{ conversations(first: 1000000) { nodes { id } } }', '1000001'],
    ['depth', `{ viewer { ${nested(6)} } }`, '14 fields inside each other; 12'],
    [
      'depth in fragments',
      `{ viewer { ...a } } fragment a on User { ${nested(2).replace(' id ', ' ...b ')} }
      fragment b on User { ... on User { ${nested(4)} } }`,
      '14 fields',
    ],
    ['tokens', `{ viewer { ${'id '.repeat(2000)} } }`, 'more than 2000 tokens'],
    [
      'aliases',
      `{ viewer { ${Array.from({ length: 31 }, (_, index) => `a${index}: id`).join(' ')} } }`,
      '31 aliases',
    ],
    ['repetitions', `{ viewer { ${'id '.repeat(32)} } }`, '31 aliases and repetitions'],
    [
      'root fields',
      `{ ${Array.from({ length: 21 }, (_, index) => `a${index}: viewer { id }`).join(' ')} }`,
      '21 root fields',
    ],
    ['directives', `{ viewer { id ${'@include(if: true) '.repeat(51)} } }`, '51 directives'],
    ['entries', `{ nodes(ids: ${JSON.stringify(ids)}) { id } }`, '201 entries'],
    [
      'fields, by fragments',
      `{ viewer { ...F0 } } ${Array.from(
        { length: 14 },
        (_, level) =>
          `fragment F${level} on User { memberships { user { ...F${level + 1} } } x: memberships { user { ...F${level + 1} } } }`,
      ).join(' ')} fragment F14 on User { id }`,
      'fields',
    ],
    [
      'itself',
      '{ viewer { ...a } } fragment a on User { memberships { user { ...a } } }',
      '`a` contains itself',
    ],
  ])('%s', async (_name, query, message) => {
    const refusal = await refusalOf(query);

    expect(refusal.code).toBe('QUERY_TOO_COMPLEX');
    expect(refusal.message).toContain(message);
  });

  it('in variables', async () => {
    const inList = await refusalOf('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids });
    const inInput = await refusalOf(
      'mutation ($input: CreateConversationInput!) { createConversation(input: $input) { conversation { id } } }',
      { input: { title: 'x', participantIds: ids } },
    );
    const inSize = await refusalOf('query ($n: Int) { conversations(first: $n) { nodes { id } } }', {
      n: 100_000,
    });

    expect([inList.code, inInput.code, inSize.code]).toEqual(Array(3).fill('QUERY_TOO_COMPLEX'));
  });
});

describe('an operation within the limits', () => {
  it('is executed', async () => {
    const { token } = viewer;
    const answers = await Promise.all([
      testApp.ask(`{ conversations(first: 200) { nodes { messages(first: 40) { nodes { id } } } } }`, {
        token,
      }),
      testApp.ask(`{ viewer { ${Array.from({ length: 30 }, (_, index) => `a${index}: id`).join(' ')} } }`, {
        token,
      }),
      testApp.ask(
        'mutation ($list: JSONObject) { updateProfile(input: { preferences: $list }) { userErrors { message } } }',
        { token, variables: { list: { list: Array(300).fill(1) } } },
      ),
    ]);

    expect(answers.map(({ errors }) => errors)).toEqual([undefined, undefined, undefined]);
  });

  it('follows the configuration: 0 turns a limit off', async () => {
    const large = '{ conversations(first: 200) { nodes { messages(first: 200) { nodes { id } } } } }';
    const open = await startTestApp({ QUERY_COST_MAX: '0' });
    const strict = await startTestApp({ QUERY_DEPTH_MAX: '1' });
    const codes = await Promise.all(
      [open.ask(large), strict.ask('{ settings { maxMessageLength } }')].map(
        async (answer) => (await answer).errors?.[0]?.extensions.code,
      ),
    );
    await Promise.all([open.close(), strict.close()]);

    expect(codes).toEqual(['UNAUTHENTICATED', 'QUERY_TOO_COMPLEX']);
  });
});

async function anotherViewer(): Promise<TestUser> {
  return aUser(testApp, await aTenant(testApp));
}
