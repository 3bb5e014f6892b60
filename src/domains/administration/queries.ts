import type { PoolClient } from 'pg';
import sql, { raw, type Sql } from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { inTransaction } from '../../platform/postgres/transaction.ts';
import {
  insertAccount,
  insertToken,
  revokeSessionsOf,
  type NewAccount,
  type NewOneTimeToken,
} from '../account/model.ts';
import { insertAudit, type AuditEntry } from '../audit/model.ts';
import type { Tenant } from '../tenant/model.ts';
import type { Account, NewMembership } from './model.ts';

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

/** The database queries of platform administration. */
export type AdministrationQueries = ReturnType<typeof createAdministrationQueries>;

const tenantColumns = sql`t.id, t.slug, t.name, t.created_at as "createdAt"`;

const accountColumns = sql`u.id, u.email, u.is_active as "isActive", u.is_platform_admin as "isPlatformAdmin",
  u.password_hash is not null as "hasPassword", u.created_at as "createdAt", coalesce((
    select json_agg(t.slug order by t.slug) from memberships m join tenants t on t.id = m.tenant_id
    where m.user_id = u.id and m.is_active), '[]') as "tenantSlugs"`;

/** Creates queries without a tenant argument: platform admins administer all tenants. */
export function createAdministrationQueries(db: Database) {
  return { ...createTenantStatements(db), ...createAccountStatements(db) };
}

function createTenantStatements(db: Database) {
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

function createAccountStatements(db: Database) {
  return {
    async accountByEmail(email: string): Promise<Account | null> {
      const [found] = await db.query<Account>(sql`select ${accountColumns} from users u
        where lower(u.email) = lower(${email})`);
      return found ?? null;
    },

    async accountById(id: string): Promise<Account | null> {
      const [found] = await db.query<Account>(
        sql`select ${accountColumns} from users u where u.id = ${id}::uuid`,
      );
      return found ?? null;
    },

    /** Lists accounts with an address, in the order of their creation; those of one tenant if it is given. */
    async accounts(tenantSlug: string | null, limit: number): Promise<Account[]> {
      const ofTenant =
        tenantSlug === null
          ? sql`true`
          : sql`exists (select from memberships m join tenants t on t.id = m.tenant_id
              where m.user_id = u.id and t.slug = ${tenantSlug})`;
      return db.query<Account>(sql`select ${accountColumns} from users u
        where u.email is not null and ${ofTenant} order by u.created_at, u.id limit ${limit}`);
    },

    async hasPlatformAdmin(): Promise<boolean> {
      const found = await db.query(sql`select 1 from users where is_platform_admin and is_active limit 1`);
      return found.length > 0;
    },

    /** Inserts an account with a membership; null if the address is taken. */
    async createAccount(
      account: NewAccount,
      { tenantId, role }: NewMembership,
      token: NewOneTimeToken | null,
      entry: AuditEntry,
    ): Promise<'created' | 'isTaken' | 'noTenant'> {
      return inTransaction(db.pool, async (client) => {
        const tenant = await client.query(
          sql`select from tenants where id = ${tenantId}::uuid for key share`,
        );
        if (tenant.rowCount === 0) return 'noTenant';
        const inserted = await client.query(insertAccount(account));
        if (inserted.rowCount === 0) return 'isTaken';
        await addMember(client, account.id, { tenantId, role }, account.createdAt);
        if (token !== null) await client.query(insertToken(token));
        await client.query(insertAudit(entry));
        return 'created';
      });
    },

    /** Makes an account an admin of the platform, and an owner of a tenant. */
    async promote(userId: string, tenantId: string, entry: AuditEntry): Promise<void> {
      await inTransaction(db.pool, async (client) => {
        await client.query(
          sql`update users set is_platform_admin = true, is_active = true where id = ${userId}::uuid`,
        );
        await addMember(client, userId, { tenantId, role: 'OWNER' }, entry.createdAt);
        await client.query(insertAudit(entry));
      });
    },

    /** Replaces a password, ends all sessions and removes earlier tokens for a new one. */
    async setPassword(userId: string, passwordHash: string, entry: AuditEntry): Promise<void> {
      const user = sql`${userId}::uuid`;
      await db.query(sql`with changed as (
          update users set password_hash = ${passwordHash}, updated_at = ${entry.createdAt} where id = ${user} returning id
        ), ended as (${revokeSessionsOf(user, entry.createdAt)}),
        removed as (delete from one_time_tokens where user_id = ${user} and purpose = 'RESET_PASSWORD' and used_at is null),
        noted as (${insertAudit(entry, sql`changed`)})
        select 1`);
    },

    async addToken(token: NewOneTimeToken, entry: AuditEntry): Promise<void> {
      await db.query(
        sql`with added as (${insertToken(token)}), noted as (${insertAudit(entry, sql`added`)}) select 1`,
      );
    },

    /** Changes whether an account is active; false for the last active platform admin, who stays active. */
    async setActive(userId: string, isActive: boolean, entry: AuditEntry): Promise<boolean> {
      return inTransaction(db.pool, async (client) => {
        const { rows } = await client.query<{ id: string }>(sql`select id from users
          where is_platform_admin and is_active order by id for no key update`);
        if (!isActive && rows.length === 1 && rows[0]?.id === userId) return false;
        await client.query(sql`update users set is_active = ${isActive} where id = ${userId}::uuid`);
        await client.query(insertAudit(entry));
        return true;
      });
    },
  };
}

async function addMember(
  client: PoolClient,
  userId: string,
  { tenantId, role }: NewMembership,
  now: Date,
): Promise<void> {
  await client.query(sql`insert into memberships (tenant_id, user_id, role, joined_at, created_at)
    values (${tenantId}::uuid, ${userId}::uuid, ${role}::role, ${now}, ${now})
    on conflict (tenant_id, user_id) do update set role = excluded.role, is_active = true, identity_removed_at = null`);
}
