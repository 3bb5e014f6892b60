import sql from 'sql-template-tag';
import type { Database } from '../../../platform/postgres/database.ts';
import { revokeSessionsOf, useToken } from '../model.ts';

/** An account whose password can be changed or reset. */
export interface PasswordAccount {
  readonly id: string;
  readonly email: string;
  readonly passwordHash: string | null;
}

/** The database queries of passwords. */
export function createPasswordQueries(db: Database) {
  return {
    /** Finds an account by ID; null without an address. */
    async passwordAccount(userId: string): Promise<PasswordAccount | null> {
      const [found] =
        await db.query<PasswordAccount>(sql`select u.id, u.email, u.password_hash as "passwordHash"
        from users u where u.id = ${userId}::uuid and u.email is not null`);
      return found ?? null;
    },

    /**
     * Finds the active account of an address whose password can be reset: not one that signs in by an
     * identity provider alone.
     */
    async resettableAccount(email: string): Promise<PasswordAccount | null> {
      const [found] =
        await db.query<PasswordAccount>(sql`select u.id, u.email, u.password_hash as "passwordHash"
        from users u where lower(u.email) = lower(${email}) and u.is_active
          and (u.password_hash is not null or u.identity_provider is null)`);
      return found ?? null;
    },

    /**
     * Replaces the hash `before` and revokes all sessions but one; false if the password has changed
     * meanwhile.
     */
    async changePassword(
      userId: string,
      hashes: { readonly before: string; readonly after: string },
      keptSessionId: string,
      now: Date,
    ): Promise<boolean> {
      const changed = await db.query(sql`with changed as (
          update users u set password_hash = ${hashes.after}, updated_at = ${now}
          where u.id = ${userId}::uuid and u.password_hash = ${hashes.before} returning u.id
        ), ended as (${revokeSessionsOf(sql`(select id from changed)`, now, keptSessionId)}),
        removed as (
          delete from one_time_tokens o using changed
          where o.user_id = changed.id and o.purpose = 'RESET_PASSWORD' and o.used_at is null
        )
        select id from changed`);
      return changed.length === 1;
    },

    /**
     * Uses a token to replace a password, revokes all sessions, and removes other tokens for the same. An
     * address that its reader has not verified before may belong to another person, whose API keys end too.
     */
    async resetPassword(hash: Buffer, passwordHash: string, now: Date): Promise<boolean> {
      const changed = await db.query(sql`with used as (${useToken(hash, ['RESET_PASSWORD'], now)}),
        before as (
          select u.id, u.email_verified_at is null and used."isMailed" as "isUnverified", used."isMailed"
          from users u join used on u.id = used."userId" and lower(u.email) = lower(used.email) where u.is_active
        ), changed as (
          update users u set password_hash = ${passwordHash}, updated_at = ${now},
            email_verified_at = case when before."isMailed" then coalesce(u.email_verified_at, ${now}) else u.email_verified_at end
          from before where u.id = before.id returning u.id
        ), ended as (${revokeSessionsOf(sql`(select id from changed)`, now)}),
        revoked as (
          update api_keys k set revoked_at = ${now} from before join memberships m on m.user_id = before.id
          where before."isUnverified" and k.tenant_id = m.tenant_id and k.user_id = m.user_id and k.revoked_at is null
        ), removed as (
          delete from one_time_tokens o using changed
          where o.user_id = changed.id and o.purpose = 'RESET_PASSWORD' and o.used_at is null and o.token_hash <> ${hash}
        )
        select id from changed`);
      return changed.length === 1;
    },
  };
}
