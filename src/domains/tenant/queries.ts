import sql, { type Sql } from 'sql-template-tag';
import type { Database } from '../../platform/database/database.ts';
import { pagedList, type Ordering, type PagedList } from '../../platform/database/paging.ts';
import { isTenantAdmin, type Viewer } from '../session/model.ts';
import type { Membership, Role, Tenant } from './model.ts';

/** Which members of a tenant. */
export interface MemberFilter {
  readonly role: Role | null;
  /** Resembles the name or, for admins of the tenant, the e-mail address. */
  readonly search: string | null;
}

export type TenantQueries = ReturnType<typeof createTenantQueries>;

const membershipColumns = sql`m.tenant_id as "tenantId", m.user_id as "userId", m.role, m.permissions,
  m.is_active as "isActive", m.joined_at as "joinedAt"`;

/** A person's name as the trigram index on it is written; the index serves nothing else. */
const fullName = sql`(coalesce(u.first_name, '') || ' ' || coalesce(u.last_name, ''))`;

const inOrderOfJoining: Ordering<Membership> = {
  name: 'membership.joinedAt',
  direction: 'asc',
  columns: [
    { name: 'joinedAt', expression: sql`m.joined_at`, type: 'timestamptz' },
    { name: 'userId', expression: sql`m.user_id`, type: 'uuid' },
  ],
};

export function createTenantQueries(db: Database) {
  return {
    /** Tenants in which the viewer is an active member. */
    async byIds(viewer: Viewer, ids: readonly string[]): Promise<Tenant[]> {
      return db.query<Tenant>(sql`select t.id, t.slug, t.name, t.created_at as "createdAt"
        from tenants t
        join memberships m on m.tenant_id = t.id and m.user_id = ${viewer.userId}::uuid and m.is_active
        where t.id = any(${ids}::uuid[])`);
    },

    /** Makes a person an admin of a tenant; null when there is no such tenant. */
    async addAdmin(slug: string, userId: string): Promise<Membership | null> {
      const [added] = await db.query<Membership>(sql`insert into memberships as m (tenant_id, user_id, role)
        select t.id, ${userId}::uuid, 'ADMIN' from tenants t where t.slug = ${slug}
        on conflict (tenant_id, user_id) do update set role = 'ADMIN', is_active = true
        returning ${membershipColumns}`);
      return added ?? null;
    },

    /** The viewer's own memberships everywhere; of others only the one in the viewer's tenant. */
    async membershipsByUserIds(viewer: Viewer, userIds: readonly string[]): Promise<Membership[]> {
      return db.query<Membership>(sql`select ${membershipColumns}
        from memberships m
        where m.user_id = any(${userIds}::uuid[])
          and (m.tenant_id = ${viewer.tenantId}::uuid or (m.user_id = ${viewer.userId}::uuid and m.is_active))
        order by m.joined_at, m.tenant_id`);
    },

    /** The members of the viewer's tenant (the only parent that has any); guests find themselves only. */
    members(viewer: Viewer, filter: MemberFilter): PagedList<Membership> {
      const where = whereMember(viewer, filter.role);
      if (filter.search === null) {
        return pagedList(db, {
          select: membershipColumns,
          from: sql`memberships m`,
          where,
          ordering: inOrderOfJoining,
        });
      }
      const score = similarity(viewer, filter.search);
      return pagedList<Membership & { readonly score: number }>(db, {
        select: sql`${membershipColumns}, ${score} as score`,
        from: sql`users u join memberships m on m.user_id = u.id`,
        where: sql`${where} and ${resembles(viewer, filter.search)}`,
        ordering: byRelevance(filter.search, score),
      });
    },
  };
}

function whereMember(viewer: Viewer, role: Role | null): Sql {
  const ofTenant = sql`m.tenant_id = ${viewer.tenantId}::uuid and m.tenant_id = parent.id`;
  const ofRole = role === null ? sql`true` : sql`m.role = ${role}::role`;
  const visible = viewer.role === 'GUEST' ? sql`m.user_id = ${viewer.userId}::uuid` : sql`true`;
  return sql`${ofTenant} and ${ofRole} and ${visible}`;
}

/**
 * Part of the name or all of it, misspelt or not: `%>` compares with the part that fits best, `%` with the whole.
 * E-mail addresses are for admins; a search that matched them for others would tell what they are.
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

/** The searched text is part of the ordering, and so of its cursors: another search ranks differently. */
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
