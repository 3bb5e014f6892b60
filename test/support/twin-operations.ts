import type { RootFieldName } from '../../src/graphql/resolver-types-strict.ts';
import type { Random } from './seeded-random.ts';
import type { TwinTenant } from './twin-tenant.ts';

/** A request to a tenant. */
export interface TwinOperation {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** The credential; that of any user if absent. */
  readonly token?: string | undefined;
}

/**
 * What an operation is made of: its own tenant, what was made there meanwhile, and where ids and words come
 * from.
 */
export interface TwinChoice {
  readonly random: Random;
  readonly own: TwinTenant;
  /** Numbers that both tenants use alike. */
  readonly number: number;
  /** A word of the own tenant, or now and then of its twin. */
  readonly word: () => string;
  /** An id of the own tenant, or now and then of its twin. */
  readonly id: (kind: keyof TwinTenant['ids']) => string;
  /** As `id`, of what was made while the test runs, so that it may be changed and deleted. */
  readonly made: (kind: 'conv' | 'invitation' | 'msg' | 'session' | 'key' | 'user') => string;
  /** A cursor that was issued in either tenant. */
  readonly cursor: () => string | null;
  /** The token of a session that is no longer needed. */
  readonly spareToken: () => string | undefined;
}

type Make = (choice: TwinChoice) => TwinOperation;
type RootField = RootFieldName<'Query'> | RootFieldName<'Mutation'>;

const person = `id displayName email profile { firstName lastName bio avatarUrl preferences }
  identity { provider externalId } memberships { permissions tenant { id slug name } }`;
const message = 'id content metadata author { id displayName email } conversation { id title }';
const conversation = `id title externalId messageCount owner { id displayName } lastMessage { id content }
  participants(first: 3) { nodes { id displayName } }`;
const page = 'edges { cursor } pageInfo { endCursor } totalCount';
const anything = `id ... on User { ${person} } ... on Message { ${message} } ... on Conversation { ${conversation} }
  ... on Tenant { slug name } ... on Session { userAgent ipAddress user { id } } ... on ApiKey { name prefix }
  ... on Profile { bio } ... on Identity { externalId } ... on Membership { permissions }`;
const errors = 'userErrors { code message path }';

/** By itself: what is wrong with a row can't hide behind an error of what belongs to it. */
const alone = {
  message: 'id content metadata',
  conversation: 'id title externalId',
  user: 'id displayName email profile { firstName bio }',
  anything: `id ... on Message { content } ... on Conversation { title } ... on User { profile { bio } }
    ... on Session { userAgent } ... on ApiKey { name } ... on Tenant { slug name }`,
};

const mutation = (
  name: string,
  selection: string,
  input: Readonly<Record<string, unknown>>,
): TwinOperation => ({
  query: `mutation ($input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!) {
    ${name}(input: $input) { ${selection} ${errors} } }`,
  variables: { input },
});

const nodeKinds = [
  ...(['conversation', 'message', 'user', 'session', 'apiKey', 'tenant'] as const),
  ...(['profile', 'identity', 'membership'] as const),
];
const account = 'account { id email tenantSlugs }';

/**
 * An operation for each root field that returns as much text as possible; a missing field does not compile.
 */
export const twinOperations: Readonly<Record<RootField, Make>> = {
  accounts: ({ own }) => ({
    query: `query ($slug: String) { accounts(first: 5, tenantSlug: $slug) { nodes { id email tenantSlugs } } }`,
    variables: { slug: own.tenant.slug },
    token: own.people.owner.token,
  }),
  conversation: ({ id, random }) => ({
    query: `query ($id: ID!) { conversation(id: $id) { ${random.pick([conversation, alone.conversation])}
      messages(last: 5) { ${page} nodes { ${random.pick([message, alone.message])} } } } }`,
    variables: { id: id('conversation') },
  }),
  conversations: ({ random, word, cursor, id }) => ({
    query: `query ($filter: ConversationFilter, $order: ConversationOrder, $after: String) {
      conversations(first: 5, filter: $filter, orderBy: $order, after: $after) { ${page} nodes { ${random.pick([conversation, alone.conversation])} } } }`,
    variables: {
      filter: random.pick([null, { titleContains: word() }, { ownerId: id('user') }, { isArchived: false }]),
      order: { field: random.pick(['UPDATED_AT', 'CREATED_AT', 'TITLE']) },
      after: random.below(4) === 0 ? cursor() : null,
    },
  }),
  message: ({ id, random }) => ({
    query: `query ($id: ID!) { message(id: $id) { ${random.pick([message, alone.message])} } }`,
    variables: { id: id('message') },
  }),
  invitations: ({ own }) => ({
    query: `{ invitations(first: 5) { ${page} nodes { id email role } } }`,
    token: own.people.admin.token,
  }),
  model: () => ({ query: '{ model(id: "model_one") { id name } }' }),
  models: () => ({ query: '{ models { id name provider } }' }),
  node: ({ id, random }) => ({
    query: `query ($id: ID!) { node(id: $id) { ${random.pick([anything, alone.anything])} } }`,
    variables: { id: id(random.pick(nodeKinds)) },
  }),
  nodes: ({ id, random }) => ({
    query: `query ($ids: [ID!]!) { nodes(ids: $ids) { ${random.pick([anything, alone.anything])} } }`,
    variables: { ids: nodeKinds.map((kind) => id(kind)) },
  }),
  operations: ({ own }) => ({
    query: '{ operations { userActivity(days: 1) { activeUsers } columns(table: "users") { name } } }',
    token: own.people.owner.token,
  }),
  rateLimit: () => ({ query: '{ rateLimit { limit remaining } }' }),
  receivedInvitations: () => ({ query: '{ receivedInvitations { id tenantName tenantSlug role } }' }),
  searchMessages: ({ word, id, random }) => ({
    query: `query ($words: String!, $id: ID) { searchMessages(query: $words, conversationId: $id, first: 5) {
      ${page} nodes { ${random.pick([message, alone.message])} } } }`,
    variables: {
      words: random.pick([word(), 'message', 'talk or message']),
      id: random.pick([null, id('conversation')]),
    },
  }),
  settings: () => ({ query: '{ settings { maxMessageLength defaultModel { id } } }' }),
  tenant: ({ random }) => ({
    query: `{ tenant { id slug name
      members(first: 20) { ${page} nodes { permissions ${random.pick(['', `user { ${person} }`])} } }
      conversations(first: 3) { nodes { ${random.pick([conversation, alone.conversation])} } } } }`,
  }),
  user: ({ id, random }) => ({
    query: `query ($id: ID!) { user(id: $id) { ${random.pick([person, alone.user])} sessions(first: 2) { nodes { id userAgent ipAddress } }
      apiKeys(first: 2) { nodes { id name } } messages(first: 3) { nodes { ${message} } }
      conversations(first: 3) { nodes { ${conversation} } } } }`,
    variables: { id: id('user') },
  }),
  users: ({ own, word, random }) => ({
    query: `query ($search: String) { users(first: 5, search: $search) { ${page} nodes { ${person} } } }`,
    variables: { search: random.pick([null, word(), 'given family', 'example']) },
    token: own.people.admin.token,
  }),
  viewer: () => ({
    query: `{ viewer { ${person} sessions(first: 3) { nodes { id userAgent tenant { slug } } } apiKeys(first: 3) { nodes { name } } } }`,
  }),

  acceptInvitation: ({ made }) =>
    mutation('acceptInvitation', 'invitation { tenantName tenantSlug }', {
      invitationId: made('invitation'),
    }),
  addParticipant: ({ id, own }) => ({
    ...mutation('addParticipant', `conversation { ${conversation} }`, {
      conversationId: id('conversation'),
      userId: id('user'),
    }),
    token: own.people.admin.token,
  }),
  changePassword: ({ own }) => ({
    ...mutation('changePassword', `user { ${person} }`, {
      currentPassword: `not ${own.password}`,
      newPassword: own.password,
    }),
    token: own.people.owner.token,
  }),
  cleanupExpiredData: ({ own }) => ({
    query: `mutation { cleanupExpiredData { ${errors} } }`,
    token: own.people.owner.token,
  }),
  completeOnboarding: () => ({ query: `mutation { completeOnboarding { user { ${person} } ${errors} } }` }),
  createApiKey: ({ own }) =>
    mutation('createApiKey', 'apiKey { id name prefix }', { name: `A key of ${own.word}`, scopes: ['read'] }),
  createConversation: ({ own, number, id }) =>
    mutation('createConversation', `conversation { ${conversation} }`, {
      title: `Made in ${own.word}`,
      externalId: `external ${number} of ${own.word}`,
      participantIds: [id('user')],
    }),
  createTenant: ({ own, number }) => ({
    ...mutation('createTenant', 'tenant { slug name }', { slug: `${own.word}-${number}`, name: own.word }),
    token: own.people.owner.token,
  }),
  createUser: ({ own, number }) => ({
    ...mutation('createUser', `${account} token`, {
      email: `account-${number}@${own.word}.example`,
      tenantId: own.tenant.id,
      role: 'GUEST',
    }),
    token: own.people.owner.token,
  }),
  deleteTenant: ({ own }) => ({
    ...mutation('deleteTenant', 'isDeleted', { tenantId: own.tenant.id, slug: own.tenant.slug }),
    token: own.people.owner.token,
  }),
  deleteConversation: ({ made }) =>
    mutation('deleteConversation', 'deletedConversationId tenant { name }', { conversationId: made('conv') }),
  deleteMessage: ({ made }) =>
    mutation('deleteMessage', `deletedMessageId conversation { ${conversation} }`, {
      messageId: made('msg'),
    }),
  editMessage: ({ id, own, number }) =>
    mutation('editMessage', `message { ${message} }`, {
      messageId: id('message'),
      content: `Edited ${number} in ${own.word}`,
    }),
  inviteMember: ({ own, number }) => ({
    ...mutation('inviteMember', 'invitation { id email role } token', {
      email: `new-${number}@${own.word}.example`,
      role: 'GUEST',
    }),
    token: own.people.owner.token,
  }),
  invalidateCache: ({ own, random }) => ({
    ...mutation(
      'invalidateCache',
      'caches { cache }',
      random.pick([{ tenantId: own.tenant.id }, { cache: 'PROFILES' }, { userId: own.people.member.id }]),
    ),
    token: own.people.owner.token,
  }),
  refreshStatistics: ({ own }) => ({
    query: `mutation { refreshStatistics { ${errors} } }`,
    token: own.people.owner.token,
  }),
  removeParticipant: ({ id, own }) => ({
    ...mutation('removeParticipant', `conversation { ${conversation} }`, {
      conversationId: id('conversation'),
      userId: id('user'),
    }),
    token: own.people.admin.token,
  }),
  revokeApiKey: ({ made }) => mutation('revokeApiKey', 'apiKey { id name }', { apiKeyId: made('key') }),
  revokeSession: ({ made }) =>
    mutation('revokeSession', 'session { id userAgent user { id } }', { sessionId: made('session') }),
  liftSignInLimit: ({ id }) => mutation('liftSignInLimit', `user { ${person} }`, { userId: id('user') }),
  requestEmailVerification: ({ own }) => ({
    query: `mutation { requestEmailVerification { isAccepted ${errors} } }`,
    token: own.people.owner.token,
  }),
  requestPasswordReset: ({ own }) =>
    mutation('requestPasswordReset', 'isAccepted', { email: `unknown@${own.word}.example` }),
  requestSignUp: ({ own }) =>
    mutation('requestSignUp', 'isAccepted', { email: `unknown@${own.word}.example` }),
  resetPassword: ({ own }) =>
    mutation('resetPassword', 'isChanged', { token: `a token of ${own.word}`, newPassword: own.password }),
  revokeInvitation: ({ own, made }) => ({
    ...mutation('revokeInvitation', 'invitation { id email }', { invitationId: made('invitation') }),
    token: own.people.admin.token,
  }),
  renameTenant: ({ own }) => ({
    ...mutation('renameTenant', 'tenant { name }', { tenantId: own.tenant.id, name: `The ${own.word}` }),
    token: own.people.owner.token,
  }),
  setUserActive: ({ own }) => ({
    ...mutation('setUserActive', account, { userId: own.people.guest.id, isActive: true }),
    token: own.people.owner.token,
  }),
  setUserPassword: ({ own }) => ({
    ...mutation('setUserPassword', `${account} token`, { userId: own.people.guest.id }),
    token: own.people.owner.token,
  }),
  sendMessage: ({ id, own, number, random }) =>
    mutation('sendMessage', `message { ${message} }`, {
      conversationId: id('conversation'),
      content: `Said ${number} in ${own.word}`,
      metadata: { note: own.word },
      // The same in both tenants, and now and then again.
      idempotencyKey: random.pick([null, `key ${number % 50}`]),
    }),
  setModelEnabled: ({ own }) => ({
    ...mutation('setModelEnabled', 'model { id }', { modelId: 'model_one', isEnabled: true }),
    token: own.people.owner.token,
  }),
  signIn: ({ own, number }) => ({
    ...mutation('signIn', `token session { id tenant { slug } } user { ${person} }`, {
      email: own.people.owner.email,
      password: number % 4 === 3 ? 'the password of nobody' : own.password,
    }),
  }),
  signUp: ({ own }) =>
    mutation('signUp', 'token', { token: `a token of ${own.word}`, password: own.password }),
  verifyEmail: ({ own }) => mutation('verifyEmail', 'isVerified', { token: `a token of ${own.word}` }),
  signOut: ({ spareToken }) => ({
    query: `mutation { signOut { session { id userAgent user { id } } ${errors} } }`,
    token: spareToken(),
  }),
  updateMembership: ({ made, own, random, id }) => ({
    ...mutation('updateMembership', `membership { permissions user { ${person} } }`, {
      userId: random.pick([made('user'), id('user')]),
      permissions: [own.word],
    }),
    token: own.people.owner.token,
  }),
  updateConversation: ({ id, own, number }) =>
    mutation('updateConversation', `conversation { ${conversation} }`, {
      conversationId: id('conversation'),
      title: `Changed ${number} in ${own.word}`,
    }),
  updateProfile: ({ own, number }) =>
    mutation('updateProfile', `user { ${person} }`, {
      bio: `Told ${number} of ${own.word}`,
      preferences: { note: own.word },
    }),
  updateSettings: ({ own }) => ({
    ...mutation('updateSettings', 'settings { maxMessageLength }', { maxMessageLength: 8000 }),
    token: own.people.owner.token,
  }),
  upsertModel: ({ own }) => ({
    ...mutation('upsertModel', 'model { id name }', {
      slug: 'one',
      name: 'One',
      provider: 'Test',
      contextWindow: 1000,
    }),
    token: own.people.owner.token,
  }),
  warmCaches: ({ own, id }) => ({
    ...mutation('warmCaches', 'caches { cache loaded }', { userIds: [id('user')] }),
    token: own.people.owner.token,
  }),
};
