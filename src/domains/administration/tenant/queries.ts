import sql, { raw, type Sql } from 'sql-template-tag';
import type { Database } from '../../../platform/postgres/database.ts';
import { inTransaction } from '../../../platform/postgres/transaction.ts';
import { insertAudit, type AuditEntry } from '../../audit/model.ts';
import type { Tenant } from '../../tenant/model.ts';

/** The tables with rows of a tenant, those that point at others first. */
const tablesOfTenants = [
  'one_time_tokens',
  'invitations',
  'idempotency_keys',
  'assignments',
  'messages',
  'participants',
  'conversations',
  'api_keys',
  'sessions',
  'memberships',
] as const;

const tenantColumns = sql`t.id, t.slug, t.name, t.created_at as "createdAt"`;

/** Creates the statements by which platform admins administer tenants. */
export function createTenantStatements(db: Database) {
  return {
    async tenantBySlug(slug: string): Promise<Tenant | null> {
      const [found] = await db.query<Tenant>(
        sql`select ${tenantColumns} from tenants t where t.slug = ${slug}`,
      );
      return found ?? null;
    },

    /** Lists tenants by slug. */
    async tenants(limit: number): Promise<Tenant[]> {
      return db.query<Tenant>(sql`select ${tenantColumns} from tenants t order by t.slug limit ${limit}`);
    },

    /** Inserts a tenant; null if the slug is taken. */
    async createTenant(tenant: Tenant, entry: AuditEntry): Promise<Tenant | null> {
      const [created] = await db.query<Tenant>(sql`with created as (
          insert into tenants as t (id, slug, name, created_at)
          values (${tenant.id}::uuid, ${tenant.slug}, ${tenant.name}, ${tenant.createdAt})
          on conflict do nothing returning ${tenantColumns}
        ), noted as (${insertAudit(entry, sql`created`)})
        select * from created`);
      return created ?? null;
    },

    /**
     * Changes the given columns; `isTaken` if another tenant has the slug, null if there is no such tenant.
     */
    async renameTenant(
      id: string,
      changes: { readonly slug: string | null; readonly name: string | null },
      entry: AuditEntry,
    ): Promise<Tenant | 'isTaken' | null> {
      return inTransaction(db.pool, async (client) => {
        await client.query(sql`select from tenants where id = ${id}::uuid for no key update`);
        const taken = await client.query(
          sql`select from tenants where slug = ${changes.slug} and id <> ${id}::uuid`,
        );
        if (taken.rowCount !== 0) return 'isTaken';
        const { rows } = await client.query<Tenant>(sql`with renamed as (
            update tenants t set slug = coalesce(${changes.slug}, t.slug), name = coalesce(${changes.name}, t.name)
            where t.id = ${id}::uuid returning ${tenantColumns}
          ), noted as (${insertAudit(entry, sql`renamed`)})
          select * from renamed`);
        return rows[0] ?? null;
      });
    },

    /** Finds a tenant by ID and slug, which both must be right. */
    async tenantToDelete(id: string, slug: string): Promise<Tenant | null> {
      const [found] = await db.query<Tenant>(sql`select ${tenantColumns} from tenants t
        where t.id = ${id}::uuid and t.slug = ${slug}`);
      return found ?? null;
    },

    /**
     * Suspends members of a tenant and ends its link to the identity provider; returns how many were
     * active.
     */
    async suspendMembers(tenantId: string, batchSize: number): Promise<number> {
      const [row] = await db.query<{ count: number }>(sql`with unlinked as (
          update tenants set external_id = null where id = ${tenantId}::uuid and external_id is not null
        ), suspended as (
          update memberships m set is_active = false, identity_removed_at = null
          where m.tenant_id = ${tenantId}::uuid and m.user_id in (
            select user_id from memberships where tenant_id = ${tenantId}::uuid and is_active limit ${batchSize})
          returning 1
        )
        select count(*)::integer as count from suspended`);
      return row?.count ?? 0;
    },

    /** Deletes rows of a tenant from the first table that has any; 0 if all tables are empty. */
    async deleteRows(tenantId: string, batchSize: number): Promise<number> {
      for (const table of tablesOfTenants) {
        const [row] = await db.query<{ count: number }>(deleteBatch(raw(table), tenantId, batchSize));
        if (row !== undefined && row.count > 0) return row.count;
      }
      return 0;
    },

    /** Deletes a tenant without rows; false if it is gone already. */
    async deleteTenant(id: string, entry: AuditEntry): Promise<boolean> {
      const deleted =
        await db.query(sql`with deleted as (delete from tenants where id = ${id}::uuid returning id),
        noted as (${insertAudit(entry, sql`deleted`)}) select id from deleted`);
      return deleted.length === 1;
    },
  };
}

function deleteBatch(table: Sql, tenantId: string, batchSize: number): Sql {
  return sql`with deleted as (
      delete from ${table} where ctid = any(array(
        select ctid from ${table} where tenant_id = ${tenantId}::uuid limit ${batchSize})) returning 1
    ) select count(*)::integer as count from deleted`;
}
