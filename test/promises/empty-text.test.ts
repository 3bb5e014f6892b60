import { getNamedType, isInputObjectType, isNonNullType, isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSchema } from '../../src/graphql/schema.ts';
import {
  aConversation,
  aTenant,
  aUser,
  type TestConversation,
  type TestTenant,
  type TestUser,
} from '../support/builders.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let admin: TestUser;
let conversation: TestConversation;
beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  admin = await aUser(testApp, tenant, { role: 'OWNER', isPlatformAdmin: true });
  conversation = await aConversation(testApp, tenant, { owner: admin, messages: ['hello'] });
});
afterAll(() => testApp.close());

const ok = { userErrors: [] };

/** The operations that get an empty text for an optional argument, and the answers as if it were absent. */
const examples: readonly (readonly [places: readonly string[], operation: () => string, answer: object])[] = [
  [
    ['ConversationFilter.ownerId', 'ConversationFilter.titleContains'],
    () => '{ conversations(filter: { ownerId: "", titleContains: "" }) { totalCount } }',
    { conversations: { totalCount: 1 } },
  ],
  [
    ['Query.searchMessages.conversationId'],
    () => '{ searchMessages(query: "hello", conversationId: "") { totalCount } }',
    { searchMessages: { totalCount: 1 } },
  ],
  [
    ['Conversation.messages.around'],
    () => `{ conversation(id: "${conversation.id}") { messages(around: "") { nodes { content } } } }`,
    { conversation: { messages: { nodes: [{ content: 'hello' }] } } },
  ],
  [['Query.users.search'], () => '{ users(search: "") { totalCount } }', { users: { totalCount: 1 } }],
  [
    ['Tenant.members.search'],
    () => '{ tenant { members(search: "") { totalCount } } }',
    { tenant: { members: { totalCount: 1 } } },
  ],
  [
    ['CreateConversationInput.modelId', 'CreateConversationInput.externalId'],
    () => `mutation { createConversation(input: { title: "x", modelId: "", externalId: "" }) {
      conversation { externalId model { id } } userErrors { code } } }`,
    { createConversation: { conversation: { externalId: null, model: null }, ...ok } },
  ],
  [
    ['CreateUserInput.firstName', 'CreateUserInput.lastName'],
    () => `mutation { createUser(input: { email: "new@example.org", firstName: "", lastName: "", role: MEMBER,
      tenantId: "${tenant.id}" }) { account { id } userErrors { code } } }`,
    { createUser: { account: { id: expect.any(String) }, ...ok } },
  ],
  [
    ['RenameTenantInput.slug', 'RenameTenantInput.name'],
    () => `mutation { renameTenant(input: { tenantId: "${tenant.id}", slug: "", name: "" }) {
      tenant { slug } userErrors { code } } }`,
    { renameTenant: { tenant: { slug: expect.stringMatching(/./) }, ...ok } },
  ],
  [
    ['SendMessageInput.modelId'],
    () => `mutation { sendMessage(input: { conversationId: "${conversation.id}", content: "x", modelId: "" }) {
      message { model { id } } userErrors { code } } }`,
    { sendMessage: { message: { model: null }, ...ok } },
  ],
  [
    ['UpdateConversationInput.modelId'],
    () => `mutation { updateConversation(input: { conversationId: "${conversation.id}", modelId: "" }) {
      conversation { model { id } } userErrors { code } } }`,
    { updateConversation: { conversation: { model: null }, ...ok } },
  ],
  [
    ['avatarUrl', 'bio', 'firstName', 'lastName', 'locale', 'timezone'].map(
      (name) => `UpdateProfileInput.${name}`,
    ),
    () => `mutation { updateProfile(input: { avatarUrl: "", bio: "", firstName: "", lastName: "", locale: "", timezone: "" }) {
      user { profile { avatarUrl firstName timezone } } userErrors { code } } }`,
    { updateProfile: { user: { profile: { avatarUrl: null, firstName: null, timezone: null } }, ...ok } },
  ],
  [
    ['UpdateSettingsInput.defaultModelId'],
    () =>
      'mutation { updateSettings(input: { defaultModelId: "" }) { settings { defaultModel { id } } userErrors { code } } }',
    { updateSettings: { settings: { defaultModel: null }, ...ok } },
  ],
  [
    ['SignInInput.tenantId', 'SignInInput.tenantSlug', 'SignInInput.previousToken'],
    () => `mutation { signIn(input: { email: "${admin.email}", password: "wrong", tenantId: "", tenantSlug: "", previousToken: "" }) {
      userErrors { code path } } }`,
    { signIn: { userErrors: [{ code: 'UNAUTHENTICATED', path: ['input'] }] } },
  ],
  [
    ['Query.accounts.tenantSlug'],
    () => '{ accounts(tenantSlug: "", first: 1) { totalCount } }',
    { accounts: { totalCount: expect.toSatisfy((count: number) => count > 0) } },
  ],
  [
    ['AcceptInvitationInput.invitationId', 'AcceptInvitationInput.token'],
    () => 'mutation { acceptInvitation(input: { invitationId: "", token: "" }) { userErrors { path } } }',
    { acceptInvitation: { userErrors: [{ path: ['input', 'invitationId'] }] } },
  ],
  [
    ['firstName', 'lastName', 'tenantName', 'tenantSlug'].map((name) => `SignUpInput.${name}`),
    () => `mutation { signUp(input: { token: "unknown", password: "a long enough password", firstName: "", lastName: "",
      tenantName: "", tenantSlug: "" }) { userErrors { path } } }`,
    { signUp: { userErrors: [{ path: ['input'] }] } },
  ],
  [
    ['InvalidateCacheInput.userId', 'InvalidateCacheInput.tenantId'],
    () =>
      'mutation { invalidateCache(input: { cache: MODELS, userId: "", tenantId: "" }) { userErrors { code } } }',
    { invalidateCache: ok },
  ],
];

/** Optional texts of which an empty one is an error, with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  'UpdateConversationInput.title': 'no conversation is without a title',
  'CreateUserInput.password': 'a person is not to be locked out by a form that lost its value',
  'SetUserPasswordInput.password': 'a person is not to be locked out by a form that lost its value',
  'SendMessageInput.idempotencyKey': 'without a key the message could be sent twice',
  'InvalidateCacheInput.key': 'without a key the whole cache would be invalidated',
};

describe('an optional text of the schema', () => {
  it('has an example here, or a reason why an empty text is an error', () => {
    const covered = [...examples.flatMap(([places]) => places), ...Object.keys(exceptions)];

    expect(optionalTexts().toSorted()).toEqual(covered.toSorted());
  });

  it.each(examples.map(([places, operation, answer]) => [places.join(', '), operation, answer] as const))(
    'is none when it is empty: %s',
    async (_places, operation, answer) => {
      expect(await testApp.data(operation(), { token: admin.token })).toEqual(answer);
    },
  );

  it.each(['after', 'before'])('is none when it is the empty cursor `%s`', async (name) => {
    const data = await testApp.data(`{ conversations(${name}: "") { totalCount nodes { id } } }`, {
      token: admin.token,
    });

    expect(data.conversations.nodes).toHaveLength(data.conversations.totalCount);
  });
});

describe('an empty header or parameter', () => {
  it.each([
    ['authorization', { authorization: '' }],
    ['content-encoding', { 'content-encoding': '' }],
    ['content-encoding: Identity', { 'content-encoding': 'Identity' }],
    ['x-tenant', { 'x-tenant': '' }],
    ['accept', { accept: '' }],
    ['graphql-cost', { 'graphql-cost': '' }],
    ['x-request-id', { 'x-request-id': '' }],
    ['traceparent', { traceparent: '' }],
  ])('is none: %s', async (_name, headers) => {
    expect(await testApp.ask('{ viewer { id } }', { headers })).toEqual({ data: { viewer: null } });
  });

  it('is none in the body', async () => {
    const response = await testApp.server.inject({
      method: 'POST',
      url: '/graphql',
      payload: {
        query: '{ viewer { id } }',
        operationName: '',
        documentId: '',
        variables: '',
        extensions: '',
      },
    });

    expect(response.json()).toEqual({ data: { viewer: null } });
  });

  it('is none in the URL', async () => {
    const response = await testApp.server.inject({
      method: 'GET',
      url: '/graphql?query={viewer{id}}&operationName=&documentId=&variables=&extensions=',
      headers: { 'apollo-require-preflight': 'true' },
    });

    expect(response.json()).toEqual({ data: { viewer: null } });
  });
});

/** The nullable texts and IDs of arguments and input fields, without the cursors of connections. */
function optionalTexts(): string[] {
  const isText = ({ type }: { type: Parameters<typeof getNamedType>[0] }) =>
    !isNonNullType(type) && ['String', 'ID', 'EmailAddress'].includes(String(type));
  return Object.values(createSchema().getTypeMap()).flatMap((type) => {
    if (type.name.startsWith('__')) return [];
    if (isInputObjectType(type)) {
      return Object.values(type.getFields())
        .filter(isText)
        .map(({ name }) => `${type.name}.${name}`);
    }
    if (!isObjectType(type)) return [];
    return Object.values(type.getFields()).flatMap((field) =>
      field.args
        .filter((argument) => isText(argument) && !['after', 'before'].includes(argument.name))
        .map(({ name }) => `${type.name}.${field.name}.${name}`),
    );
  });
}
