/**
 * A person, with what only some may see; who that is stands in graphql/access.ts. Never holds the password's
 * hash.
 */
export interface User {
  readonly id: string;
  readonly email: string | null;
  readonly isActive: boolean;
  readonly isPlatformAdmin: boolean;
  readonly onboardingCompleted: boolean;
  readonly createdAt: Date;
  readonly lastLoginAt: Date | null;
  readonly profile: Profile;
  /** Null for users without an identity provider. */
  readonly identity: Identity | null;
}

/** The link of a user to the identity provider. */
export interface Identity {
  /** The provider's issuer. */
  readonly provider: string;
  /** The provider's id of the person. */
  readonly externalId: string;
  /** The time of the last change by the provider's clock; null if unknown. */
  readonly providerUpdatedAt: Date | null;
  /** The current time, by the server's clock. */
  readonly lastSyncedAt: Date | null;
}

/** The profile of a user. */
export interface Profile {
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly bio: string | null;
  readonly avatarUrl: string | null;
  readonly locale: string | null;
  readonly timezone: string | null;
  readonly preferences: Record<string, unknown>;
  readonly updatedAt: Date;
}

/**
 * The tables of a person, their memberships and tenants, by which whatever is cached of a person is
 * invalidated.
 */
export const tablesOfMembers = {
  // No entry can depend on an unknown ID, and a new person is visible only through a membership, which is
  // announced.
  users: { tag: 'user', idColumn: 'id', insertsCount: false },
  memberships: { tag: 'user', idColumn: 'user_id' },
  tenants: { tag: 'tenant', idColumn: 'id', insertsCount: false },
} as const;

/** Returns the key of a user in the cache PROFILES, as members of a tenant see them. */
export function profileKey(tenantId: string, userId: string): string {
  return `tenant:${tenantId}:user:${userId}`;
}

/** The tag of everything that a cache holds about a person, in every tenant. */
export function userTag(userId: string): string {
  return `user:${userId}`;
}

/** The tag of everything that a cache holds for a tenant. */
export function tenantTag(tenantId: string): string {
  return `tenant:${tenantId}`;
}

/** Returns the invalidation tags of a cached user, or of a cached absence: user and tenant. */
export function tagsOfProfileKey(key: string): string[] {
  const [, tenantId = '', , userId = ''] = key.split(':');
  return [tenantTag(tenantId), userTag(userId)];
}
