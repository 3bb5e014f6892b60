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
  /** Null for people whom no identity provider knows. */
  readonly identity: Identity | null;
}

/** How the identity provider's copy of a person stands. */
export interface Identity {
  /** The provider's issuer. */
  readonly provider: string;
  /** The provider's id of the person. */
  readonly externalId: string;
  /** By the provider's clock; null when it does not say. */
  readonly providerUpdatedAt: Date | null;
  /** By our clock. */
  readonly lastSyncedAt: Date | null;
}

/** What a person tells about themselves. */
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

/** Where the cache PROFILES holds a person as their fellow members see them. */
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

/** What ends a remembered person, or the knowledge that there is none: a change to them, or to the tenant. */
export function tagsOfProfileKey(key: string): string[] {
  const [, tenantId = '', , userId = ''] = key.split(':');
  return [tenantTag(tenantId), userTag(userId)];
}
