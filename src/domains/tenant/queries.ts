import type { PoolClient } from 'pg';
import sql, { type Sql } from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { pagedList, type Ordering, type PagedList } from '../../paging/paged-list.ts';
import { inTransaction } from '../../platform/postgres/transaction.ts';
import { insertAudit, type AuditEntry } from '../audit/model.ts';
import { isTenantAdmin, type Viewer } from '../session/model.ts';
import type { Membership, OwnTenant, Role, TenantUsage } from './model.ts';

/** A filter of members. */
export interface MemberFilter {
  readonly role: Role | null;
  /** Text that resembles the name or, for admins of the tenant, the email address. */
  readonly search: string | null;
}

/** The user concerned by a change of membership, read while the tenant is locked. */
export interface Concerned {
  readonly userId: string;
  /** Null if not yet a member. */
  readonly membership: MembershipState | null;
  /** The role of the acting user; null if they were suspended meanwhile. */
  readonly actorRole: Role | null;
  /** True if the tenant has another active OWNER. */
  readonly hasOtherOwner: boolean;
}

/** The mutable state of a membership. */
export type MembershipState = Pick<Membership, 'role' | 'permissions' | 'isActive'>;

/** The new state of a membership, with its audit entry; `isActivityDecided` if the change sets `isActive`. */
interface MembershipChange extends MembershipState {
  readonly isActivityDecided: boolean;
  readonly entry: AuditEntry;
}

const dayMs = 24 * 60 * 60 * 1000;

/** The database queries of tenants. */
export type TenantQueries = ReturnType<typeof createTenantQueries>;

const membershipColumns = sql`m.tenant_id as "tenantId", m.user_id as "userId", m.role, m.permissions,
  m.is_active as "isActive", m.joined_at as "joinedAt"`;

/** A user's name, as written in its trigram index: the index serves no other expression. */
const fullName = sql`(coalesce(u.first_name, '') || ' ' || coalesce(u.last_name, ''))`;

const inOrderOfJoining: Ordering<Membership> = {
  name: 'membership.joinedAt',
  direction: 'asc',
  columns: [
    { name: 'joinedAt', expression: sql`m.joined_at`, type: 'timestamptz' },
    { name: 'userId', expression: sql`m.user_id`, type: 'uuid' },
  ],
};

/** Creates the database queries of tenants. */
export function createTenantQueries(db: Database) {
  return {
    /** Finds tenants of which the viewer is an active member. */
    async byIds(viewer: Viewer, ids: readonly string[]): Promise<OwnTenant[]> {
      return db.query<OwnTenant>(sql`select t.id, t.slug, t.name, t.created_at as "createdAt", ${membershipColumns}
        from tenants t
        join memberships m on m.tenant_id = t.id and ${ownAndActive(viewer)}
        where t.id = any(${ids}::uuid[])`);
    },

    /** Makes a user an admin of a tenant; null if there is no such tenant. */
    async addAdmin(slug: string, userId: string): Promise<Membership | null> {
      const [added] = await db.query<Membership>(sql`insert into memberships as m (tenant_id, user_id, role)
        select t.id, ${userId}::uuid, 'ADMIN' from tenants t where t.slug = ${slug}
        on conflict (tenant_id, user_id) do update set role = 'ADMIN', is_active = true, identity_removed_at = null
        returning ${membershipColumns}`);
      return added ?? null;
    },

    /** Finds all memberships of the viewer, and those of other users in the viewer's tenant. */
    async membershipsByUserIds(viewer: Viewer, userIds: readonly string[]): Promise<Membership[]> {
      return db.query<Membership>(sql`select ${membershipColumns}
        from memberships m
        where m.user_id = any(${userIds}::uuid[])
          and (m.tenant_id = ${viewer.tenantId}::uuid or (${ownAndActive(viewer)}))
        order by m.joined_at, m.tenant_id`);
    },

    /** Lists the members of the viewer's tenant; guests find only themselves, other tenants are empty. */
    members(viewer: Viewer, filter: MemberFilter): PagedList<Membership> {
      const where = (tenant: Sql) => whereMember(viewer, tenant, filter.role);
      const { search } = filter;
      if (search === null) {
        const from = sql`memberships m`;
        return pagedList(db, { select: membershipColumns, from, where, ordering: inOrderOfJoining });
      }
      const score = similarity(viewer, search);
      return pagedList<Membership & { readonly score: number }>(db, {
        select: sql`${membershipColumns}, ${score} as score`,
        from: sql`users u join memberships m on m.user_id = u.id`,
        where: (tenant) => sql`${where(tenant)} and ${resembles(viewer, search)}`,
        ordering: byRelevance(search, score),
      });
    },

    /** Changes a membership to the result of `decide`, unless it throws; null if there is no such member. */
    async changeMembership(
      viewer: Viewer,
      userId: string,
      decide: (concerned: Concerned, before: MembershipState) => MembershipChange,
    ): Promise<Membership | null> {
      return inTransaction(db.pool, async (client) => {
        await lockTenant(client, viewer.tenantId);
        // The identity sync does not take the tenant's lock: its changes must not be overwritten with older
        // data.
        await client.query(sql`select from memberships
          where tenant_id = ${viewer.tenantId}::uuid and user_id = ${userId}::uuid for no key update`);
        const concerned = await concernedBy(client, viewer, sql`u.id = ${userId}::uuid`);
        const before = concerned?.membership ?? null;
        if (concerned === null || before === null) return null;
        return writeMembership(client, viewer.tenantId, concerned, decide(concerned, before));
      });
    },

    /** Counts usage: messages by the counts of their conversations, recent ones by an index. */
    async usage(tenantId: string, now: Date): Promise<TenantUsage> {
      const ofTenant = sql`tenant_id = ${tenantId}::uuid`;
      const [lastDay, lastMonth] = [new Date(now.getTime() - dayMs), new Date(now.getTime() - 30 * dayMs)];
      const [usage] = await db.query<TenantUsage>(sql`select
          (select count(*) from memberships where ${ofTenant} and is_active) as members,
          (select count(*) from sessions
            where ${ofTenant} and revoked_at is null and expires_at > ${now}) as "activeSessions",
          written.conversations, written.messages,
          latest.day as "messagesLast24Hours", latest.month as "messagesLast30Days"
        from (select count(*) as conversations, coalesce(sum(message_count), 0) as messages
            from conversations where ${ofTenant}) written,
          (select count(*) filter (where created_at > ${lastDay}) as day, count(*) as month
            from messages where ${ofTenant} and created_at > ${lastMonth}) latest`);
      if (usage === undefined) throw new Error('The usage query returned no row.');
      return usage;
    },
  };
}

/** Serializes changes of a tenant's members; reads and other writes continue. */
async function lockTenant(client: PoolClient, tenantId: string): Promise<void> {
  await client.query(sql`select from tenants where id = ${tenantId}::uuid for no key update`);
}

async function concernedBy(client: PoolClient, viewer: Viewer, isPerson: Sql): Promise<Concerned | null> {
  const { rows } = await client.query<Concerned>(sql`select u.id as "userId",
      case when m.user_id is not null then json_build_object('role', m.role, 'permissions', m.permissions,
        'isActive', m.is_active) end as membership,
      (select role from memberships where tenant_id = ${viewer.tenantId}::uuid
        and user_id = ${viewer.userId}::uuid and is_active) as "actorRole",
      exists (select from memberships o join users ou on ou.id = o.user_id and ou.is_active
        where o.tenant_id = ${viewer.tenantId}::uuid and o.role = 'OWNER' and o.is_active
          and o.user_id <> u.id) as "hasOtherOwner"
    from users u
    left join memberships m on m.tenant_id = ${viewer.tenantId}::uuid and m.user_id = u.id
    where ${isPerson}`);
  return rows[0] ?? null;
}

async function writeMembership(
  client: PoolClient,
  tenantId: string,
  { userId }: Concerned,
  { role, permissions, isActive, isActivityDecided, entry }: MembershipChange,
): Promise<Membership> {
  const { rows } = await client.query<Membership>(sql`with changed as (
      insert into memberships as m (tenant_id, user_id, role, permissions, is_active, joined_at, created_at)
      values (${tenantId}::uuid, ${userId}::uuid, ${role}::role, ${JSON.stringify(permissions)}::jsonb, ${isActive},
        ${entry.createdAt}, ${entry.createdAt})
      on conflict (tenant_id, user_id) do update
        set role = excluded.role, permissions = excluded.permissions, is_active = excluded.is_active,
          -- Whom an admin suspends the identity provider does not bring back, also where it had ended it already.
          identity_removed_at = case when not ${isActivityDecided}::boolean then m.identity_removed_at end
      returning ${membershipColumns}
    ), noted as (${insertAudit(entry, sql`changed`)})
    select * from changed`);
  const [written] = rows;
  if (written === undefined) throw new Error('INSERT … RETURNING returned no row for a membership.');
  return written;
}

/** The condition for the viewer's active memberships; an API key sees only its own tenant. */
function ownAndActive(viewer: Viewer): Sql {
  const own = sql`m.user_id = ${viewer.userId}::uuid and m.is_active`;
  return viewer.apiKeyId === null ? own : sql`${own} and m.tenant_id = ${viewer.tenantId}::uuid`;
}

function whereMember(viewer: Viewer, tenant: Sql, role: Role | null): Sql {
  const ofTenant = sql`m.tenant_id = ${viewer.tenantId}::uuid and m.tenant_id = ${tenant}`;
  const ofRole = role === null ? sql`true` : sql`m.role = ${role}::role`;
  const visible = viewer.role === 'GUEST' ? sql`m.user_id = ${viewer.userId}::uuid` : sql`true`;
  return sql`${ofTenant} and ${ofRole} and ${visible}`;
}

/**
 * A fuzzy match of the name: `%>` compares with the most similar part, `%` with the whole. Matches email
 * addresses only for admins, because a match would reveal them to other members.
 */
function resembles(viewer: Viewer, search: string): Sql {
  const byName = sql`${fullName} %> ${search}::text or ${fullName} % ${search}::text`;
  return isTenantAdmin(viewer) ? sql`(${byName} or u.email %> ${search}::text)` : sql`(${byName})`;
}

function similarity(viewer: Viewer, search: string): Sql {
  const byName = sql`word_similarity(${search}::text, ${fullName}), similarity(${search}::text, ${fullName})`;
  return isTenantAdmin(viewer)
    ? sql`greatest(${byName}, word_similarity(${search}::text, coalesce(u.email, '')))`
    : sql`greatest(${byName})`;
}

/** The order by relevance; cursors contain the searched text, because another search ranks differently. */
function byRelevance<Row extends Membership & { readonly score: number }>(
  search: string,
  score: Sql,
): Ordering<Row> {
  return {
    name: `membership.relevance.${search}`,
    direction: 'desc',
    columns: [
      { name: 'score', expression: score, type: 'real' },
      { name: 'userId', expression: sql`m.user_id`, type: 'uuid' },
    ],
  };
}
