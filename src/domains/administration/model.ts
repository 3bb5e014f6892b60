import type { Role } from '../tenant/model.ts';

/** An account as platform admins see it. */
export interface Account {
  readonly id: string;
  readonly email: string | null;
  readonly isActive: boolean;
  readonly isPlatformAdmin: boolean;
  readonly hasPassword: boolean;
  readonly tenantSlugs: readonly string[];
  readonly createdAt: Date;
}

/** A membership that begins together with an account. */
export interface NewMembership {
  readonly tenantId: string;
  readonly role: Role;
}

/** The result of a call of deleteTenant. */
export interface TenantDeletion {
  /** False if rows are left for another call. */
  readonly isDeleted: boolean;
  readonly deletedRows: number;
}
