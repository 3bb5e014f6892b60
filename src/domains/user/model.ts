/**
 * A user with the private fields, whose readers are decided by graphql/access.ts; never with a password hash.
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
  /** The provider's ID of the user. */
  readonly externalId: string;
  /** The time of the last change by the provider's clock; null if unknown. */
  readonly providerUpdatedAt: Date | null;
  /** The time of the last synchronisation, by the server's clock. */
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

/** The tables whose changes invalidate the cached data of a user. */
export const tablesOfMembers = {
  // No entry depends on an unknown ID, and a new user becomes visible through a membership, whose insert is
  // announced.
  users: { tag: 'user', idColumn: 'id', insertsCount: false },
  memberships: { tag: 'user', idColumn: 'user_id' },
  tenants: { tag: 'tenant', idColumn: 'id', insertsCount: false },
} as const;

/** Returns the key of a user in the cache PROFILES, as members of a tenant see them. */
export function profileKey(tenantId: string, userId: string): string {
  return `tenant:${tenantId}:user:${userId}`;
}

/** The tag of all cache entries about a user, in every tenant. */
export function userTag(userId: string): string {
  return `user:${userId}`;
}

/** The tag of all cache entries of a tenant. */
export function tenantTag(tenantId: string): string {
  return `tenant:${tenantId}`;
}

/** Returns the invalidation tags of a cached user, or of a cached absence: user and tenant. */
export function tagsOfProfileKey(key: string): string[] {
  const [, tenantId = '', , userId = ''] = key.split(':');
  return [tenantTag(tenantId), userTag(userId)];
}
