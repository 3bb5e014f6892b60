/** The caller that work is done for: a user of a tenant, or an address without credentials. */
export interface WorkOwner {
  readonly tenant?: string;
  /** Contains the tenant. */
  readonly user?: string;
  readonly address?: string;
}

/** Returns the key of an owner among tenants; all anonymous callers together are one tenant. */
export function tenantOf(owner: WorkOwner): string {
  return owner.tenant ?? '';
}

/** Returns the key of an owner among the users of its tenant. */
export function userOf(owner: WorkOwner): string {
  return owner.user ?? owner.address ?? '';
}
