import type { Role } from '../tenant/model.ts';
import { tenantTag, userTag } from '../user/model.ts';

/** What a credential may be used for: reading, changing what is one's own, and what only admins may do. */
export const scopes = ['read', 'write', 'admin'] as const;

/** One of `scopes`. */
export type Scope = (typeof scopes)[number];

/** Who asks, in which tenant, with what right. Everything that a request may see is decided by it. */
export interface Viewer {
  readonly tenantId: string;
  readonly userId: string;
  /**
   * What they may use of their role: through a key without the scope admin, admins are members like others.
   */
  readonly role: Role;
  /** As with the role: only where the credential has the scope admin. */
  readonly isPlatformAdmin: boolean;
  /**
   * Null for credentials other than sessions. Its tenant is not the viewer's where another one was picked.
   */
  readonly session: { readonly tenantId: string; readonly id: string } | null;
  /** Null for credentials other than API keys. */
  readonly apiKeyId: string | null;
  /** What the credential allows at most; the role decides within it. */
  readonly scopes: readonly Scope[];
}

/** A person who is signed in on one device. The token's hash stays in the database. */
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

/** What a session's token stands for: all that authenticating a request needs. */
export interface SessionIdentity {
  readonly sessionId: string;
  readonly tenantId: string;
  readonly userId: string;
  readonly isPlatformAdmin: boolean;
  readonly expiresAt: Date;
  /**
   * Else the session opens nothing; remembered with its owner's tags all the same, so that it does as soon as
   * they are back.
   */
  readonly isOwnerActive: boolean;
  /** The tenants that this person may act in; one of them is the session's own. */
  readonly memberships: readonly { readonly tenantId: string; readonly slug: string; readonly role: Role }[];
}

/** Whether this person runs their tenant. */
export function isTenantAdmin(viewer: Viewer): boolean {
  return viewer.role === 'OWNER' || viewer.role === 'ADMIN';
}

/** The tag of what caches hold about one session. */
function sessionTag(sessionId: string): string {
  return `session:${sessionId}`;
}

/** What ends a remembered identity: a change to its session, to its person, or to one of their tenants. */
export function tagsOfIdentity({ sessionId, userId, memberships }: SessionIdentity): string[] {
  return [sessionTag(sessionId), userTag(userId), ...memberships.map(({ tenantId }) => tenantTag(tenantId))];
}
