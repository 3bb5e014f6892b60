import type { Scope } from '../session/model.ts';
import type { Role } from '../tenant/model.ts';
import { tenantTag, userTag } from '../user/model.ts';

/** A key by which programs act for a person in one tenant. Its hash stays in the database. */
export interface ApiKey {
  readonly tenantId: string;
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  /** The key's first characters, to distinguish keys. */
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** The identity behind an API key, with all that authentication needs. */
export interface KeyIdentity {
  readonly keyId: string;
  readonly tenantId: string;
  readonly tenantSlug: string;
  readonly userId: string;
  readonly role: Role;
  readonly isPlatformAdmin: boolean;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  /**
   * Else the key opens nothing; remembered with its owner's tags all the same, so that it does as soon as
   * they are back.
   */
  readonly isOwnerActive: boolean;
}

/** The tag of what caches hold about one key. */
export function apiKeyTag(keyId: string): string {
  return `api-key:${keyId}`;
}

/** Returns the invalidation tags of a cached identity: its key, owner and tenant. */
export function tagsOfKeyIdentity({ keyId, userId, tenantId }: KeyIdentity): string[] {
  return [apiKeyTag(keyId), userTag(userId), tenantTag(tenantId)];
}
