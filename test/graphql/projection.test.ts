import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestTenant, type TestUser } from '../support/builders.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let owner: TestUser;

const conversationFields = [
  'id',
  'title',
  'visibility',
  'owner { id }',
  'model { id }',
  'isArchived',
  'externalId',
  'messageCount',
  'createdAt',
  'updatedAt',
];
const messageFields = [
  'id',
  'conversation { id }',
  'author { id }',
  'role',
  'status',
  'content',
  'model { id }',
  'tokenCount',
  'metadata',
  'createdAt',
  'editedAt',
];

// No column has its default value, so that a column that was not read shows.
beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  owner = await aUser(testApp, tenant, { role: 'OWNER' });
  const conversation = await aConversation(testApp, tenant, { owner, author: owner, messages: ['odysseus'] });
  const { database } = testApp;
  await database.query(sql`insert into models (slug, name, provider, context_window, max_output_tokens)
    values ('columns-model', 'A model', 'mock', 1000, 100)`);
  await database.query(sql`update conversations set model_slug = 'columns-model', archived_at = now(), external_id = 'elsewhere',
    created_at = now() - interval '1 day' where id = ${conversation.uuid}::uuid`);
  await database.query(sql`update messages set model_slug = 'columns-model', token_count = 7, metadata = '{"a": 1}',
    edited_at = now(), status = 'FAILED', role = 'ASSISTANT' where conversation_id = ${conversation.uuid}::uuid`);
  await testApp.app.coherence.waitForInvalidation();
});
afterAll(() => testApp.close());

describe('a field selected alone has the value that it has beside all others', () => {
  it.each([
    [
      'conversations',
      (fields: string) => `{ conversations(first: 1, filter: { isArchived: true }) { nodes { ${fields} } } }`,
    ],
    [
      'conversations',
      (fields: string) =>
        `{ conversations(first: 1, filter: { isArchived: true }) { edges { node { ${fields} } } } }`,
    ],
    [
      'Tenant.conversations',
      (fields: string) => `{ viewerTenant: node(id: "${tenant.id}") { ... on Tenant {
        conversations(first: 1, filter: { isArchived: true }) { nodes { ${fields} } } } } }`,
    ],
    [
      'User.conversations',
      (fields: string) =>
        `{ viewer { conversations(first: 1, filter: { isArchived: true }) { nodes { ${fields} } } } }`,
    ],
  ])('of %s (%s)', (_name, queryOf) => everyFieldOf(conversationFields, queryOf));

  it.each([
    [
      'Conversation.messages',
      (fields: string) =>
        `{ conversations(first: 1, filter: { isArchived: true }) { nodes { messages(first: 5) { nodes { ${fields} } } } } }`,
    ],
    [
      'Conversation.lastMessage',
      (fields: string) =>
        `{ conversations(first: 1, filter: { isArchived: true }) { nodes { lastMessage { ${fields} } } } }`,
    ],
    ['User.messages', (fields: string) => `{ viewer { messages(first: 5) { nodes { ${fields} } } } }`],
    [
      'searchMessages',
      (fields: string) => `{ searchMessages(query: "odysseus", first: 5) { nodes { ${fields} } } }`,
    ],
  ])('of %s', (_name, queryOf) => everyFieldOf(messageFields, queryOf));

  it('of a conversation without any message', async () => {
    await aConversation(testApp, tenant, { owner, title: 'Silent' });
    const answer = await testApp.data(
      '{ conversations(first: 1, filter: { titleContains: "Silent" }) { nodes { lastMessage { content } } } }',
      { token: owner.token },
    );

    expect(answer).toEqual({ conversations: { nodes: [{ lastMessage: null }] } });
  });

  it('also on two paths to one user with a fallback to graphql-js', async () => {
    const good = `good: viewer { messages(first: 1) { nodes { content conversation { owner {
      messages(first: 1) { nodes { editedAt status tokenCount } } } } } } }`;
    const failing = `failing: viewer { messages(first: 1, after: "nothing") { nodes { id } } }`;
    const alone = await testApp.data(`{ ${good} }`, { token: owner.token });
    const beside = await testApp.ask(`{ ${good} ${failing} }`, { token: owner.token });

    expect(JSON.stringify(alone)).toContain('"status":"FAILED","tokenCount":7');
    expect(beside.data.good).toEqual(alone.good);
    expect(beside.errors?.map(({ path }) => path)).toEqual([['failing', 'messages']]);
  });

  it('also for one message selected in two ways', async () => {
    const answer = await testApp.data(
      `{ conversations(first: 1, filter: { isArchived: true }) { nodes { usual: lastMessage { content } all: lastMessage { status }
        messages(first: 1) { nodes { content } edges { node { tokenCount } } } } } }`,
      { token: owner.token },
    );

    expect(answer).toEqual({
      conversations: {
        nodes: [
          {
            usual: { content: 'odysseus' },
            all: { status: 'FAILED' },
            messages: { nodes: [{ content: 'odysseus' }], edges: [{ node: { tokenCount: 7 } }] },
          },
        ],
      },
    });
  });
});

async function everyFieldOf(fields: readonly string[], queryOf: (fields: string) => string): Promise<void> {
  const all = rowOf(await testApp.data(queryOf(fields.join(' ')), { token: owner.token }));
  for (const field of fields) {
    const alone = rowOf(await testApp.data(queryOf(field), { token: owner.token }));
    const [name = ''] = field.split(' ');
    expect(alone[name]).not.toBeNull();
    expect(alone).toEqual({ [name]: all[name] });
  }
}

/** The only row within an answer. */
function rowOf(answer: unknown): Readonly<Record<string, unknown>> {
  let value: unknown = answer;
  for (;;) {
    if (typeof value !== 'object' || value === null) throw new Error('There is no row.');
    const inner: unknown = Array.isArray(value) ? value[0] : only(value);
    if (inner === undefined) return Object.fromEntries(Object.entries(value));
    value = inner;
  }
}

const wrappers = new Set([
  'conversations',
  'viewer',
  'viewerTenant',
  'nodes',
  'edges',
  'node',
  'messages',
  'lastMessage',
  'searchMessages',
]);

function only(value: object): unknown {
  const [[name, inner] = ['', undefined]] = Object.entries(value);
  return wrappers.has(name) ? inner : undefined;
}
