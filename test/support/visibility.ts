/** The viewers who see a field of a row that they can reach. */
type Visibility =
  /** All viewers of the row. */
  | 'row'
  /** The person themselves; null or an empty object for others. */
  | 'own'
  /** The person themselves and admins of the tenant; null for others. */
  | 'private'
  /** The person themselves and admins of the tenant; an empty list for others. */
  | 'privateList'
  /** The person themselves; for others what belongs to the tenant that they share. */
  | 'shared'
  /** As far as the viewer may read what is in the list. */
  | 'readable'
  /** Admins of the tenant; FORBIDDEN for others. */
  | 'admin';

const rowOf = (...fields: string[]) => Object.fromEntries(fields.map((field) => [field, 'row'] as const));

/**
 * Every field that people other than admins of the platform can reach; a field that is missing here fails a
 * test.
 */
export const visibility: Readonly<Record<string, Readonly<Record<string, Visibility>>>> = {
  ApiKey: rowOf('id', 'name', 'prefix', 'scopes', 'createdAt', 'lastUsedAt', 'expiresAt', 'revokedAt'),
  Invitation: rowOf('id', 'email', 'role', 'createdAt', 'expiresAt'),
  ReceivedInvitation: rowOf('id', 'tenantName', 'tenantSlug', 'role', 'expiresAt'),
  Conversation: {
    ...rowOf('id', 'title', 'visibility', 'owner', 'model', 'isArchived', 'externalId', 'messageCount'),
    ...rowOf('lastMessage', 'participants', 'messages', 'createdAt', 'updatedAt'),
    ...rowOf('eventCursor', 'viewerCanSend', 'viewerCanChange', 'viewerCanInvite'),
  },
  Identity: rowOf('id', 'provider', 'externalId', 'providerUpdatedAt', 'lastSyncedAt'),
  Membership: rowOf('id', 'user', 'tenant', 'role', 'permissions', 'isActive', 'joinedAt'),
  Message: {
    ...rowOf('id', 'conversation', 'author', 'role', 'status', 'content', 'model', 'tokenCount'),
    ...rowOf('metadata', 'createdAt', 'editedAt', 'cursor', 'viewerCanEdit', 'viewerCanDelete'),
  },
  Model: {
    ...rowOf('id', 'name', 'provider', 'contextWindow', 'maxOutputTokens', 'isEnabled', 'isMock'),
    ...rowOf('isUsable', 'inputPricePerMillion', 'outputPricePerMillion'),
  },
  Profile: {
    ...rowOf('id', 'firstName', 'lastName', 'bio', 'avatarUrl', 'locale', 'timezone', 'updatedAt'),
    preferences: 'own',
  },
  RateLimit: rowOf('limit', 'cost', 'remaining', 'resetAt'),
  Session: {
    ...rowOf('id', 'user', 'tenant', 'isCurrent', 'userAgent', 'ipAddress', 'createdAt', 'lastSeenAt'),
    ...rowOf('expiresAt', 'revokedAt'),
  },
  Settings: rowOf(
    'id',
    'anonymousMockMode',
    'defaultModel',
    'maxMessageLength',
    'signUpEnabled',
    'updatedAt',
  ),
  Tenant: {
    ...rowOf('id', 'slug', 'name', 'createdAt', 'viewerMembership'),
    members: 'readable',
    conversations: 'readable',
    usage: 'admin',
  },
  TenantUsage: {
    ...rowOf('members', 'activeSessions', 'conversations', 'messages', 'messagesLast24Hours'),
    ...rowOf('messagesLast30Days'),
  },
  User: {
    ...rowOf('id', 'displayName', 'profile', 'isActive', 'onboardingCompleted', 'createdAt'),
    email: 'private',
    lastLoginAt: 'own',
    isPlatformAdmin: 'private',
    identity: 'private',
    sessions: 'privateList',
    apiKeys: 'privateList',
    memberships: 'shared',
    conversations: 'readable',
    messages: 'readable',
  },
};
