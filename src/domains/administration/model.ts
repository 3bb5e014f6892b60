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

/** The result of a call of deleteTenant. */
export interface TenantDeletion {
  /** False if rows are left for another call. */
  readonly isDeleted: boolean;
  readonly deletedRows: number;
}
