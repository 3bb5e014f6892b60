import type { Role } from '../tenant/model.ts';
import { tenantTag, userTag } from '../user/model.ts';

/** What a verified token of the identity provider says about a person, in our words. */
export interface ProviderClaims {
  /** The provider's id of the person. */
  readonly subject: string;
  readonly profile: ProviderProfile;
  /** For which organisation the token was issued; null when for none. */
  readonly organisation: Organisation | null;
  /** By the provider's clock. */
  readonly issuedAt: Date;
  /** The last moment at which it is accepted, the allowance for clocks that differ included. */
  readonly acceptedUntil: Date;
}

/** What the provider tells about a person; undefined is what it does not mention, null what it has cleared. */
export interface ProviderProfile {
  /** Only an address that the provider has verified ever gets here. */
  readonly email: string | null | undefined;
  readonly firstName: string | null | undefined;
  readonly lastName: string | null | undefined;
  /** When the provider changed any of this last, by its clock; null when it does not say. */
  readonly updatedAt: Date | null;
}

/** An organisation of the provider, with the person's role in it. */
export interface Organisation {
  /** The provider's id; `slug:` and the slug for a provider that gives organisations no id. */
  readonly id: string;
  /** A name that the organisation has chosen: no proof of what it is. */
  readonly slug: string | null;
  readonly role: Role;
}

/** How an organisation that is linked to no tenant may get one. */
export interface LinkPolicy {
  /** Whether it takes the tenant of the same slug, if that is linked to no organisation. */
  readonly isLinkingBySlug: boolean;
  /** Whether it becomes a new tenant. */
  readonly isProvisioning: boolean;
}

/** A link that was made between a tenant and an organisation. */
export interface TenantLink {
  readonly tenantSlug: string;
  readonly organisationId: string;
  readonly reason: 'slug' | 'provisioning';
}

/** How we know a person of the identity provider: all that authenticating their requests needs. */
export interface MirroredPerson {
  readonly userId: string;
  readonly isActive: boolean;
  readonly isPlatformAdmin: boolean;
  /** By the provider's clock. */
  readonly providerUpdatedAt: Date | null;
  /** By ours. */
  readonly syncedAt: Date | null;
  /** In the order in which they were joined, suspended ones included. */
  readonly memberships: readonly MirroredMembership[];
}

/** A person's place in a tenant. Times are in milliseconds since the epoch, by the provider's clock. */
export interface MirroredMembership {
  readonly tenantId: string;
  readonly slug: string;
  /** The provider's id of the tenant's organisation. */
  readonly organisationId: string | null;
  readonly role: Role;
  readonly isActive: boolean;
  /** What the provider said last, which need not be the role here; null when it never spoke of this membership. */
  readonly providerRole: Role | null;
  /** How old what the provider said last is. */
  readonly providerAsOf: number | null;
  /** Since when the provider no longer counts them as a member; null while it does. */
  readonly removedAt: number | null;
}

/** What synchronising with the identity provider did since the process started. */
export interface IdentitySyncStatistics {
  /** Requests that asked whether the mirror is up to date. */
  readonly attempted: number;
  /** Those for which it was written. */
  readonly performed: number;
  /** Those for which it was up to date. */
  readonly skipped: number;
  /** People who were written for the first time. */
  readonly created: number;
  /** Writes that failed. */
  readonly failed: number;
  /** Requests that were answered as the person was last known, because the database could not be asked or written. */
  readonly servedStale: number;
}

/** What ends a remembered person: a change to them, or to one of their tenants. */
export function tagsOfPerson({ userId, memberships }: MirroredPerson): string[] {
  return [userTag(userId), ...memberships.map(({ tenantId }) => tenantTag(tenantId))];
}
