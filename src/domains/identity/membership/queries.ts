import type { PoolClient } from 'pg';
import sql from 'sql-template-tag';
import type { LinkPolicy, Organisation } from '../model.ts';

/** A statement of the provider about a person's membership in an organisation. */
export interface MembershipNews {
  readonly organisation: Organisation;
  /** The time of the statement, by the provider's clock. */
  readonly asOf: Date;
  /** The current time, by the server's clock. */
  readonly now: Date;
  /** The rules for an organisation without a tenant. */
  readonly policy: LinkPolicy;
  /** True if the provider has removed the person from the organisation. */
  readonly isRemoval: boolean;
}

/** Stores a membership as the provider has it. */
export async function mirrorMembership(
  client: PoolClient,
  tenantId: string,
  userId: string,
  news: MembershipNews,
): Promise<void> {
  await (news.isRemoval ? remove : add)(client, tenantId, userId, news);
}

/**
 * The provider's latest statement counts, by its own clock. The role changes only if the provider's role has
 * changed, and never for owners; only members that the provider removed are restored.
 */
async function add(
  client: PoolClient,
  tenantId: string,
  userId: string,
  { organisation: { role }, asOf, now }: MembershipNews,
): Promise<void> {
  await client.query(sql`insert into memberships as m
      (tenant_id, user_id, role, joined_at, created_at, identity_role, identity_updated_at)
    values (${tenantId}::uuid, ${userId}::uuid, ${role}::role, ${now}, ${now}, ${role}::role, ${asOf})
    on conflict (tenant_id, user_id) do update set
      role = case
        when m.identity_removed_at is not null then excluded.role
        when m.role = 'OWNER' or m.identity_role is null or m.identity_role = excluded.role then m.role
        else excluded.role end,
      is_active = m.is_active or m.identity_removed_at is not null,
      identity_removed_at = null, identity_role = excluded.role, identity_updated_at = excluded.identity_updated_at
    where m.identity_updated_at is null or m.identity_updated_at < excluded.identity_updated_at`);
}

/**
 * Removes also an owner. A membership that was suspended here stays suspended, and an unknown one leaves a
 * trace, so that its late beginning does not restore it.
 */
async function remove(
  client: PoolClient,
  tenantId: string,
  userId: string,
  { organisation: { role }, asOf, now }: MembershipNews,
): Promise<void> {
  await client.query(sql`insert into memberships as m
      (tenant_id, user_id, role, is_active, joined_at, created_at, identity_role, identity_updated_at, identity_removed_at)
    values (${tenantId}::uuid, ${userId}::uuid, ${role}::role, false, ${now}, ${now}, ${role}::role, ${asOf}, ${asOf})
    on conflict (tenant_id, user_id) do update set is_active = false,
      identity_removed_at = case
        when m.is_active or m.identity_removed_at is not null then excluded.identity_removed_at end,
      identity_updated_at = excluded.identity_updated_at
    where m.identity_updated_at is null or m.identity_updated_at <= excluded.identity_updated_at`);
}
