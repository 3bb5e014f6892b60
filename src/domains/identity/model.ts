import type { Role } from '../tenant/model.ts';
import { tenantTag, userTag, type Identity, type User } from '../user/model.ts';

/** The claims of a verified token of the identity provider. */
export interface ProviderClaims {
  /** The provider's id of the person. */
  readonly subject: string;
  readonly profile: ProviderProfile;
  /** The organisation the token was issued for; null if there is none. */
  readonly organisation: Organisation | null;
  /** The time by the provider's clock. */
  readonly issuedAt: Date;
  /** The last moment at which it is accepted, the allowance for clocks that differ included. */
  readonly acceptedUntil: Date;
}

/** The provider's profile of a person; undefined if not mentioned, null if cleared. */
export interface ProviderProfile {
  /** An address that the provider has verified; others are dropped. */
  readonly email: string | null | undefined;
  readonly firstName: string | null | undefined;
  readonly lastName: string | null | undefined;
  /** The time of the provider's last change, by its clock; null if unknown. */
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

/** The rules for an organisation that is linked to no tenant. */
export interface LinkPolicy {
  /** True to link it to the tenant with its slug, unless that is linked to another organisation. */
  readonly isLinkingBySlug: boolean;
  /** True to create a new tenant for it. */
  readonly isProvisioning: boolean;
}

/** A link that was made between a tenant and an organisation. */
export interface TenantLink {
  readonly tenantSlug: string;
  readonly organisationId: string;
  readonly reason: 'slug' | 'provisioning';
}

/** A person of the identity provider as stored here, with all that authentication needs. */
export interface MirroredPerson {
  readonly userId: string;
  readonly isActive: boolean;
  readonly isPlatformAdmin: boolean;
  /** The time by the provider's clock. */
  readonly providerUpdatedAt: Date | null;
  /** The time of the last synchronization, by the server's clock. */
  readonly syncedAt: Date | null;
  /** Tokens that were issued until then are rejected; null if the person never signed out. */
  readonly tokensNotBefore: Date | null;
  /** All memberships in the order of joining, including suspended ones. */
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
  /** The role the provider reported last, which may differ from the role here; null without a report. */
  readonly providerRole: Role | null;
  /** The time of the provider's last statement. */
  readonly providerAsOf: number | null;
  /** Since when the provider no longer counts them as a member; null while it does. */
  readonly removedAt: number | null;
}

/** Counters of identity synchronization since the process started. */
export interface IdentitySyncStatistics {
  /** Requests that checked whether the mirror is up to date. */
  readonly attempted: number;
  /** Requests that wrote the mirror. */
  readonly performed: number;
  /** Requests that found the mirror up to date. */
  readonly skipped: number;
  /** People who were written for the first time. */
  readonly created: number;
  /** Writes that failed. */
  readonly failed: number;
  /** Requests that were answered with the last known person, because the database was unavailable. */
  readonly staleServed: number;
}

/** Returns the invalidation tags of a cached person: the user and their tenants. */
export function tagsOfPerson({ userId, memberships }: MirroredPerson): string[] {
  return [userTag(userId), ...memberships.map(({ tenantId }) => tenantTag(tenantId))];
}

/** A user with a record at the identity provider. */
export interface IdentifiedUser extends User {
  readonly identity: Identity;
}

/** Returns the user as the row of `Identity`; null without a record at the identity provider. */
export function identified(user: User): IdentifiedUser | null {
  const { identity } = user;
  return identity === null ? null : { ...user, identity };
}
