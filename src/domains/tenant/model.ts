import type { Role } from '../../platform/postgres/generated/enums.ts';

export type { Role };

/** An organisation. */
export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly createdAt: Date;
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

/** A user's membership in a tenant. */
export interface Membership {
  readonly tenantId: string;
  readonly userId: string;
  readonly role: Role;
  readonly permissions: string[];
  readonly isActive: boolean;
  readonly joinedAt: Date;
}
