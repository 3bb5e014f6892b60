import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestConversation, type TestUser } from '../support/builders.ts';
import { startTestApp, type Answer, type TestApp } from '../support/test-app.ts';

const nul = 'a\u0000b';
const loneSurrogate = 'a\ud800b';
const long = 'x'.repeat(10_000);
const metacharacters = [
  '%',
  '_',
  '\\',
  '%_\\',
  "'",
  '"',
  '--',
  ';',
  '*',
  "a' & b | !c",
  ':*',
  '<->',
  '((',
  '!',
  '&',
  '|',
  '<2>',
  '"unclosed',
];
const notIds = [
  ' ',
  '_',
  'conv_',
  'conv_xyz',
  `conv_${'0'.repeat(33)}`,
  `user_${'0'.repeat(32)}`,
  `CONV_${'0'.repeat(32)}`,
  nul,
  loneSurrogate,
  long,
  "' or 1=1 --",
  '🙂',
];

let testApp: TestApp;
let viewer: TestUser;
let conversation: TestConversation;

beforeAll(async () => {
  testApp = await startTestApp();
  const tenant = await aTenant(testApp);
  viewer = await aUser(testApp, tenant, { role: 'ADMIN', isPlatformAdmin: true });
  conversation = await aConversation(testApp, tenant, {
    author: viewer,
    messages: ['100% of a_b \\ c', 'two'],
  });
});
afterAll(() => testApp.close());

async function ask(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  const answer = await testApp.ask(query, { token: viewer.token, variables });
  expect(JSON.stringify(answer)).not.toMatch(
    /INTERNAL_SERVER_ERROR|select |postgres|prisma|invalid byte|syntax error at or/i,
  );
  return answer;
}

const codesOf = (answer: Answer) => answer.errors?.map((error) => error.extensions.code) ?? [];

describe('ids', () => {
  it.each(notIds)('that are malformed find nothing (%#)', async (id) => {
    const answer = await ask(
      `query ($id: ID!) {
        node(id: $id) { id } nodes(ids: [$id]) { id } user(id: $id) { id } conversation(id: $id) { id }
        message(id: $id) { id } model(id: $id) { id } searchMessages(query: "two", conversationId: $id) { totalCount }
        conversations(filter: { ownerId: $id }) { totalCount nodes { id } }
      }`,
      { id },
    );

    expect(answer).toEqual({
      data: {
        node: null,
        nodes: [null],
        user: null,
        conversation: null,
        message: null,
        model: null,
        searchMessages: { totalCount: 0 },
        conversations: { totalCount: 0, nodes: [] },
      },
    });
  });

  it('that are empty find nothing where an ID is required', async () => {
    const answer = await ask(
      `{ node(id: "") { id } nodes(ids: [""]) { id } user(id: "") { id } conversation(id: "") { id }
        message(id: "") { id } model(id: "") { id } }`,
    );

    expect(answer).toEqual({
      data: { node: null, nodes: [null], user: null, conversation: null, message: null, model: null },
    });
  });

  it.each(notIds)('that are malformed are NOT_FOUND in mutations (%#)', async (id) => {
    const answer = await ask(
      `mutation ($id: ID!) {
        sendMessage(input: { conversationId: $id, content: "hi" }) { userErrors { code } }
        updateConversation(input: { conversationId: $id, title: "hi" }) { userErrors { code } }
        createConversation(input: { title: "hi", modelId: $id, participantIds: [$id] }) { userErrors { code path } }
        setModelEnabled(input: { modelId: $id, isEnabled: true }) { userErrors { code } }
        updateSettings(input: { defaultModelId: $id }) { userErrors { code } }
      }`,
      { id },
    );
    const notFound = { userErrors: [{ code: 'NOT_FOUND' }] };

    expect(answer.data).toEqual({
      sendMessage: notFound,
      updateConversation: notFound,
      createConversation: {
        userErrors: [
          { code: 'NOT_FOUND', path: ['input', 'modelId'] },
          { code: 'NOT_FOUND', path: ['input', 'participantIds', '0'] },
        ],
      },
      setModelEnabled: notFound,
      updateSettings: notFound,
    });
  });

  it('are limited to 200 per list', async () => {
    const answer = await ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      ids: Array(201).fill('x'),
    });

    expect(codesOf(answer)).toEqual(['QUERY_TOO_COMPLEX']);
  });
});

describe('pages', () => {
  it.each([
    ['first: 201', 'BAD_USER_INPUT'],
    ['last: 201', 'BAD_USER_INPUT'],
    ['first: -1', 'BAD_USER_INPUT'],
    ['first: 1, last: 1', 'BAD_USER_INPUT'],
    ['first: 2147483648', 'QUERY_TOO_COMPLEX'],
    ['first: 1.5', 'BAD_USER_INPUT'],
    ['first: "1"', 'BAD_USER_INPUT'],
  ])('of a size that cannot be are refused: %s', async (args, code) => {
    expect(codesOf(await ask(`{ conversations(${args}) { nodes { id } } }`))).toEqual([code]);
  });

  it.each([
    ...notIds,
    Buffer.from('[1,"conversation.UPDATED_AT.DESC"]').toString('base64url'),
    Buffer.from('[1,"conversation.UPDATED_AT.DESC",1e300,"x"]').toString('base64url'),
    Buffer.from('[1,"conversation.UPDATED_AT.DESC",0,"00000000-0000-0000-0000-00000000000g"]').toString(
      'base64url',
    ),
    Buffer.from('[2,"conversation.UPDATED_AT.DESC",0,"00000000-0000-0000-0000-000000000000"]').toString(
      'base64url',
    ),
    Buffer.from('[1,"conversation.TITLE.DESC","a\\u0000","00000000-0000-0000-0000-000000000000"]').toString(
      'base64url',
    ),
    Buffer.from('{"__proto__":1}').toString('base64url'),
    Buffer.from('[1,"conversation.UPDATED_AT.DESC",null,null]').toString('base64url'),
  ])('after a cursor that is none are refused (%#)', async (cursor) => {
    const answers = await Promise.all(
      ['after', 'before'].map((name) =>
        ask(`query ($cursor: String) { conversations(${name}: $cursor) { nodes { id } } }`, { cursor }),
      ),
    );

    expect(answers.map(codesOf)).toEqual([['INVALID_CURSOR'], ['INVALID_CURSOR']]);
  });

  it.each([1e-46, 5e-324, -1e-300, 1e300])('after an impossible score are rejected: %d', async (score) => {
    const position = JSON.stringify([1, 'membership.relevance.test', score, viewer.uuid]);
    const cursor = Buffer.from(position).toString('base64url');
    const answer = await ask(
      'query ($cursor: String) { users(search: "test", after: $cursor) { nodes { id } } }',
      {
        cursor,
      },
    );

    expect(codesOf(answer)).toEqual(['INVALID_CURSOR']);
  });

  it('are checked also when nothing can be found', async () => {
    const answer = await ask(
      '{ searchMessages(query: "x", conversationId: "garbage", first: -1) { totalCount } }',
    );

    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  });

  it('after the cursor of another order are rejected', async () => {
    const { data } = await ask('{ conversations(orderBy: { field: TITLE }) { edges { cursor } } }');
    const cursor: unknown = data.conversations.edges[0].cursor;
    const answer = await ask('query ($cursor: String) { conversations(after: $cursor) { nodes { id } } }', {
      cursor,
    });

    expect(codesOf(answer)).toEqual(['INVALID_CURSOR']);
  });
});

describe('searches', () => {
  it('are not slowed down by a text that is expensive to parse', async () => {
    const content = '~/'.repeat(4000);
    const { data } = await ask(
      `mutation ($id: ID!, $content: String!) {
        sendMessage(input: { conversationId: $id, content: $content }) { message { id } } }`,
      { id: conversation.id, content },
    );
    const [cost] = await testApp.database.query<{ words: number }>(
      sql`select length(to_tsvector('english', translate(${content}, '/~@_-', '     '))) as words`,
    );

    expect(data.sendMessage.message).not.toBeNull();
    expect(cost).toEqual({ words: 0 });
  });

  it.each(metacharacters)('treat database syntax as text: %j', async (text) => {
    const answer = await ask(
      `query ($text: String!) {
        users(search: $text) { nodes { id } totalCount }
        searchMessages(query: $text) { nodes { id } totalCount }
        conversations(filter: { titleContains: $text }) { totalCount }
      }`,
      { text },
    );

    expect(answer.errors).toBeUndefined();
    expect(answer.data.conversations.totalCount).toBe(0);
  });

  it.each([nul, loneSurrogate, long])('reject an invalid search (%#)', async (text) => {
    const fields = [
      'users(search: $text) { totalCount }',
      'tenant { members(search: $text) { totalCount } }',
      'searchMessages(query: $text) { totalCount }',
      'conversations(filter: { titleContains: $text }) { totalCount }',
    ];
    const answers = await Promise.all(
      fields.map((field) => ask(`query ($text: String!) { ${field} }`, { text })),
    );

    expect(answers.map(codesOf)).toEqual(fields.map(() => ['BAD_USER_INPUT']));
  });

  it("find a title by LIKE's wildcard characters", async () => {
    const { data } = await ask(
      'mutation { createConversation(input: { title: "100% _sure_" }) { conversation { id } } }',
    );
    const find = async (text: string) =>
      (
        await ask(
          'query ($text: String) { conversations(filter: { titleContains: $text }) { nodes { id } } }',
          { text },
        )
      ).data;

    expect((await find('0% _S')).conversations.nodes).toEqual([
      { id: data.createConversation.conversation.id },
    ]);
    expect((await find('0%sure')).conversations.nodes).toEqual([]);
  });
});

describe('texts in input', () => {
  it.each([nul, loneSurrogate, long, '', '   '])(
    'are rejected with their path when they cannot be stored (%#)',
    async (text) => {
      const answer = await ask(
        `mutation ($text: String!, $id: ID!) {
        createConversation(input: { title: $text }) { conversation { id } userErrors { code path } }
        updateConversation(input: { conversationId: $id, title: $text }) { userErrors { code path } }
        sendMessage(input: { conversationId: $id, content: $text }) { message { id } userErrors { code path } }
        upsertModel(input: { slug: $text, name: "x", provider: "x", contextWindow: 0 }) { userErrors { code path } }
      }`,
        { text, id: conversation.id },
      );
      const pathsOf = (payload: { userErrors: { code: string; path: string[] }[] }) => [
        ...new Set(payload.userErrors.map((error) => `${error.code} ${error.path.join('.')}`)),
      ];

      expect(answer.data.createConversation.conversation).toBeNull();
      expect(pathsOf(answer.data.createConversation)).toEqual(['BAD_USER_INPUT input.title']);
      expect(pathsOf(answer.data.updateConversation)).toEqual(['BAD_USER_INPUT input.title']);
      expect(pathsOf(answer.data.sendMessage)).toEqual(['BAD_USER_INPUT input.content']);
      expect(pathsOf(answer.data.upsertModel)).toEqual([
        'BAD_USER_INPUT input.slug',
        'BAD_USER_INPUT input.contextWindow',
      ]);
    },
  );

  it.each([nul, loneSurrogate, long])(
    'are rejected with their path when they are optional (%#)',
    async (text) => {
      const answer = await ask(
        `mutation ($text: String) {
        updateProfile(input: { firstName: $text, timezone: $text, locale: $text, avatarUrl: $text }) {
          user { id } userErrors { code path } } }`,
        { text },
      );
      const paths = answer.data.updateProfile.userErrors.map((error: { path: string[] }) =>
        error.path.join('.'),
      );

      expect([...new Set(paths)]).toEqual(
        ['firstName', 'avatarUrl', 'locale', 'timezone'].map((name) => `input.${name}`),
      );
    },
  );

  it.each([
    { deep: JSON.parse('['.repeat(50) + ']'.repeat(50)) },
    { text: nul },
    { text: loneSurrogate },
    { [nul]: 1 },
    { big: 'x'.repeat(20_000) },
  ])('are refused inside JSON when they cannot be (%#)', async (json) => {
    const answer = await ask(
      `mutation ($json: JSONObject, $id: ID!) {
        updateProfile(input: { preferences: $json }) { userErrors { code path } }
        sendMessage(input: { conversationId: $id, content: "hi", metadata: $json }) { userErrors { code path } }
      }`,
      { json, id: conversation.id },
    );

    expect(answer.data.updateProfile.userErrors[0]).toEqual({
      code: 'BAD_USER_INPUT',
      path: ['input', 'preferences'],
    });
    expect(answer.data.sendMessage.userErrors[0]).toEqual({
      code: 'BAD_USER_INPUT',
      path: ['input', 'metadata'],
    });
  });

  it('are rejected when the body is not UTF-8', async () => {
    const body = JSON.stringify({
      query: '{ settings { maxMessageLength } }',
      operationName: null,
      extensions: { a: 'é' },
    });
    const send = (payload: Buffer) =>
      testApp.server.inject({
        method: 'POST',
        url: '/graphql',
        headers: { 'content-type': 'application/json' },
        payload,
      });
    const [utf8, latin1] = [await send(Buffer.from(body, 'utf8')), await send(Buffer.from(body, 'latin1'))];

    expect(utf8.json()).toEqual({ data: { settings: { maxMessageLength: 8000 } } });
    expect(latin1.statusCode).toBe(400);
    expect(latin1.json().errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });

  it('are rejected inside JSON of any depth', async () => {
    const response = await testApp.server.inject({
      method: 'POST',
      url: '/graphql',
      headers: { authorization: `Bearer ${viewer.token}`, 'content-type': 'application/json' },
      payload: `{"query": "mutation ($json: JSONObject) { updateProfile(input: { preferences: $json }) { userErrors { code } } }",
        "variables": {"json": {"deep": ${'['.repeat(50_000)}${']'.repeat(50_000)}}}}`,
    });

    expect(response.json()).toEqual({
      data: { updateProfile: { userErrors: [{ code: 'BAD_USER_INPUT' }] } },
    });
  });

  it('are accepted at the maximum length, and rejected one character above', async () => {
    const send = (content: string) =>
      ask(
        `mutation ($content: String!, $id: ID!) { sendMessage(input: { conversationId: $id, content: $content }) {
          message { id } userErrors { code path } } }`,
        { content, id: conversation.id },
      );
    const before = await testApp.database.query(sql`select * from messages`);
    const refused = await send('🙂'.repeat(8001));
    const after = await testApp.database.query(sql`select * from messages`);
    const accepted = await send('🙂'.repeat(8000));

    expect(refused.data.sendMessage).toEqual({
      message: null,
      userErrors: [{ code: 'BAD_USER_INPUT', path: ['input', 'content'] }],
    });
    expect(after).toEqual(before);
    expect(accepted.data.sendMessage.userErrors).toEqual([]);
  });
});

describe('values of scalars', () => {
  it.each([
    '"2026-02-30T00:00:00Z"',
    '"2026-11-20"',
    '"yesterday"',
    '"0000-01-01T00:00:00Z"',
    '"2026-11-20T25:00:00Z"',
    '"+010000-01-01T00:00:00Z"',
    '12',
  ])('that are no DateTime are refused: %s', async (literal) => {
    const answer = await ask(`{ conversations(filter: { updatedAfter: ${literal} }) { totalCount } }`);

    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  });

  it.each(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '2024-02-29T12:00:00+02:00'])(
    'at the limits of DateTime are accepted: %s',
    async (time) => {
      const answer = await ask(
        'query ($time: DateTime) { conversations(filter: { updatedAfter: $time }) { totalCount } }',
        {
          time,
        },
      );

      expect(answer.errors).toBeUndefined();
    },
  );

  it.each(['maxMessageLength: 2147483648', 'maxMessageLength: 1e3', 'maxMessageLength: "5"', 'unknown: 1'])(
    'of the wrong type are rejected: %s',
    async (field) => {
      const answer = await ask(`mutation { updateSettings(input: { ${field} }) { userErrors { code } } }`);

      expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    },
  );
});
