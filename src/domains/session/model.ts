import type { Role } from '../tenant/model.ts';
import { tenantTag, userTag } from '../user/model.ts';

/** The scopes of a credential: reading, changing one's own objects, and administration. */
export const scopes = ['read', 'write', 'admin'] as const;

/** A scope of a credential. */
export type Scope = (typeof scopes)[number];

/** The authenticated caller: user, tenant and rights, by which access is decided. */
export interface Viewer {
  readonly tenantId: string;
  readonly userId: string;
  /** The effective role: through a key without the scope admin, admins act as members. */
  readonly role: Role;
  /** True only if the credential has the scope admin. */
  readonly isPlatformAdmin: boolean;
  /** Null for other credentials. Its tenant differs from the viewer's if another one was selected. */
  readonly session: { readonly tenantId: string; readonly id: string } | null;
  /** Null for other credentials than API keys. */
  readonly apiKeyId: string | null;
  /** The time of issue of an identity provider's token, by its clock; absent for other credentials. */
  readonly tokenIssuedAt?: Date;
  /** The maximum rights of the credential, within which the role decides. */
  readonly scopes: readonly Scope[];
}

/** A user's session on one device, without the token's hash. */
export interface Session {
  readonly tenantId: string;
  readonly id: string;
  readonly userId: string;
  readonly userAgent: string | null;
  readonly ipAddress: string | null;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
}

/** The identity behind a session token, with all that authentication needs. */
export interface SessionIdentity {
  readonly sessionId: string;
  readonly tenantId: string;
  readonly userId: string;
  readonly isPlatformAdmin: boolean;
  readonly expiresAt: Date;
  /**
   * False if the session grants no access. The identity is cached nevertheless, with its owner's tags, so
   * that the session works again as soon as the owner is reactivated.
   */
  readonly isOwnerActive: boolean;
  /** The user's active memberships, including the session's own tenant. */
  readonly memberships: readonly { readonly tenantId: string; readonly slug: string; readonly role: Role }[];
}

/** Returns whether the viewer is an owner or admin of their tenant. */
export function isTenantAdmin(viewer: Viewer): boolean {
  return viewer.role === 'OWNER' || viewer.role === 'ADMIN';
}

/** The tag of all cache entries about a session. */
export function sessionTag(sessionId: string): string {
  return `session:${sessionId}`;
}

/** Returns the invalidation tags of a cached identity: its session, user and tenants. */
export function tagsOfIdentity({ sessionId, userId, memberships }: SessionIdentity): string[] {
  return [sessionTag(sessionId), userTag(userId), ...memberships.map(({ tenantId }) => tenantTag(tenantId))];
}
