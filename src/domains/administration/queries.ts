import type { PoolClient } from 'pg';
import sql, { type Sql } from 'sql-template-tag';
import { pagedList, type Ordering, type PagedList } from '../../paging/paged-list.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { inTransaction } from '../../platform/postgres/transaction.ts';
import {
  insertAccount,
  insertToken,
  revokeSessionsOf,
  type NewAccount,
  type NewMembership,
  type NewOneTimeToken,
} from '../account/model.ts';
import { insertAudit, type AuditEntry } from '../audit/model.ts';
import type { Account } from './model.ts';
import { createTenantStatements } from './tenant/queries.ts';

/** The database queries of platform administration. */
export type AdministrationQueries = ReturnType<typeof createAdministrationQueries>;

const accountColumns = sql`u.id, u.email, u.is_active as "isActive", u.is_platform_admin as "isPlatformAdmin",
  u.password_hash is not null as "hasPassword", u.created_at as "createdAt", coalesce((
    select json_agg(t.slug order by t.slug) from memberships m join tenants t on t.id = m.tenant_id
    where m.user_id = u.id and m.is_active), '[]') as "tenantSlugs"`;

const oldestFirst: Ordering<Account> = {
  name: 'account.id',
  direction: 'asc',
  // IDs are UUIDs v7, which sort by time.
  columns: [{ name: 'id', expression: sql`u.id`, type: 'uuid' }],
};

/** Creates queries without a tenant argument: platform admins administer all tenants. */
export function createAdministrationQueries(db: Database) {
  return { ...createTenantStatements(db), ...createAccountStatements(db) };
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

    /** Lists accounts with an address, or those of one tenant, for a page of the API. */
    accounts(tenantSlug: string | null): PagedList<Account> {
      return pagedList(db, {
        select: accountColumns,
        from: sql`users u`,
        where: (key) => sql`${key} is not null and ${isListed(tenantSlug)}`,
        ordering: oldestFirst,
      });
    },

    /** Finds the first accounts of that list. */
    async firstAccounts(tenantSlug: string | null, limit: number): Promise<Account[]> {
      return db.query<Account>(sql`select ${accountColumns} from users u
        where ${isListed(tenantSlug)} order by u.id limit ${limit}`);
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

function isListed(tenantSlug: string | null): Sql {
  const ofTenant = sql`exists (select from memberships m join tenants t on t.id = m.tenant_id
    where m.user_id = u.id and t.slug = ${tenantSlug})`;
  return tenantSlug === null ? sql`u.email is not null` : sql`u.email is not null and ${ofTenant}`;
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
