import type { PoolClient } from 'pg';
import sql from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { inTransaction } from '../../platform/postgres/transaction.ts';
import { acceptOpen, createInvitationQueries } from './invitation/queries.ts';
import {
  insertAccount,
  insertToken,
  selectToken,
  TokenRejected,
  useToken,
  type NewAccount,
  type NewMembership,
  type NewOneTimeToken,
  type OneTimeToken,
  type Purpose,
} from './model.ts';
import { createPasswordQueries } from './password/queries.ts';

/** A tenant that is created with the account of its owner. */
export interface OwnTenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
}

/** The database queries of accounts. */
export type AccountQueries = ReturnType<typeof createAccountQueries>;

const signingUp: readonly Purpose[] = ['SIGN_UP', 'ACCEPT_INVITATION'];

/** Creates queries without a tenant argument: an account belongs to its person, in every tenant. */
export function createAccountQueries(db: Database) {
  return {
    ...createInvitationQueries(db),
    ...createPasswordQueries(db),

    /** Finds a token that could be used now. */
    async tokenByHash(hash: Buffer, purposes: readonly Purpose[], now: Date): Promise<OneTimeToken | null> {
      const [found] = await db.query<OneTimeToken>(selectToken(hash, purposes, now));
      return found ?? null;
    },

    async addToken(token: NewOneTimeToken): Promise<void> {
      await db.query(insertToken(token));
    },

    /** Returns true if an address has an account, also a disabled one. */
    async isAddressTaken(email: string): Promise<boolean> {
      const found = await db.query(sql`select 1 from users where lower(email) = lower(${email})`);
      return found.length > 0;
    },

    /** Finds the address of a user; null without one. */
    async addressOf(userId: string): Promise<string | null> {
      const [found] = await db.query<{ email: string | null }>(
        sql`select email from users where id = ${userId}::uuid`,
      );
      return found?.email ?? null;
    },

    /** Uses a token that verifies the address of its account; false for an invalid token. */
    async verifyEmail(hash: Buffer, now: Date): Promise<boolean> {
      const verified = await db.query(sql`with used as (${useToken(hash, ['VERIFY_EMAIL'], now)})
        update users u set email_verified_at = coalesce(u.email_verified_at, ${now}) from used
        where u.id = used."userId" and lower(u.email) = lower(used.email) and u.is_active returning u.id`);
      return verified.length === 1;
    },

    /**
     * Uses a token to create an account, in the inviting tenant or in a tenant of its own.
     * @throws TokenRejected
     */
    async signUp(
      hash: Buffer,
      person: Omit<NewAccount, 'email' | 'emailVerifiedAt'>,
      own: OwnTenant | null,
    ): Promise<NewMembership> {
      return inTransaction(db.pool, async (client) => {
        const now = person.createdAt;
        const { rows } = await client.query<OneTimeToken>(useToken(hash, signingUp, now));
        const [token] = rows;
        if (token === undefined) throw new TokenRejected('invalidToken');
        const verified = { email: token.email, emailVerifiedAt: token.isMailed ? now : null };
        const inserted = await client.query(insertAccount({ ...person, ...verified }));
        if (inserted.rowCount === 0) throw new TokenRejected('addressTaken');
        if (token.purpose === 'ACCEPT_INVITATION') {
          const { tenantId, role } = await acceptOpen(client, token, person.id, now);
          return { tenantId, role };
        }
        return insertOwnTenant(client, own, person.id, now);
      });
    },
  };
}

async function insertOwnTenant(
  client: PoolClient,
  own: OwnTenant | null,
  userId: string,
  now: Date,
): Promise<NewMembership> {
  if (own === null) throw new TokenRejected('invalidToken');
  const inserted = await client.query(sql`insert into tenants (id, slug, name, created_at)
    values (${own.id}::uuid, ${own.slug}, ${own.name}, ${now}) on conflict do nothing`);
  if (inserted.rowCount === 0) throw new TokenRejected('slugTaken');
  await client.query(sql`insert into memberships (tenant_id, user_id, role, joined_at, created_at)
    values (${own.id}::uuid, ${userId}::uuid, 'OWNER', ${now}, ${now})`);
  return { tenantId: own.id, role: 'OWNER' };
}
