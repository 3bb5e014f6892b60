import { fromPublicId, toPublicId } from '../../platform/ids.ts';
import type { Role } from '../../platform/postgres/generated/enums.ts';

export type { Role };

/** A tenant's slug: text that the header `x-tenant` and an address can carry. */
export const slugPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** An organisation. */
export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly createdAt: Date;
}

/** A tenant, with the columns of the viewer's membership if the viewer has one. */
export interface OwnTenant extends Tenant, Partial<Membership> {}

/** Returns the membership that was read with a tenant; null if there is none. */
export function membershipIn(tenant: Partial<Membership>): Membership | null {
  const { tenantId, userId, role, permissions, isActive, joinedAt } = tenant;
  if (tenantId === undefined || userId === undefined || role === undefined || joinedAt === undefined)
    return null;
  return { tenantId, userId, role, permissions: permissions ?? [], isActive: isActive === true, joinedAt };
}

/** The usage of a tenant. */
export interface TenantUsage {
  readonly members: number;
  readonly activeSessions: number;
  readonly conversations: number;
  readonly messages: number;
  readonly messagesLast24Hours: number;
  readonly messagesLast30Days: number;
}

/** Returns the public ID of a membership, which its tenant and its user make unique. */
export function membershipIdOf({ tenantId, userId }: Pick<Membership, 'tenantId' | 'userId'>): string {
  return toPublicId('membership', tenantId) + toPublicId('', userId).slice(1);
}

/** Returns tenant and user of a membership's public ID; null for other texts. */
export function partsOfMembershipId(publicId: string): Pick<Membership, 'tenantId' | 'userId'> | null {
  const [, tenant = '', user = ''] = /^membership_([0-9a-f]{32})([0-9a-f]{32})$/.exec(publicId) ?? [];
  const tenantId = fromPublicId('tenant', `tenant_${tenant}`);
  const userId = fromPublicId('user', `user_${user}`);
  return tenantId === null || userId === null ? null : { tenantId, userId };
}

/** A user's membership in a tenant. */
export interface Membership {
  readonly tenantId: string;
  readonly userId: string;
  readonly role: Role;
  readonly permissions: string[];
  readonly isActive: boolean;
  readonly joinedAt: Date;
}
