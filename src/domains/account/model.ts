import sql, { type Sql } from 'sql-template-tag';
import type { Role } from '../tenant/model.ts';
import { createId } from '../../platform/ids.ts';
import { createSecret, hashOfSecret } from '../../platform/security/secrets.ts';

/** The prefix that distinguishes one-time tokens from other credentials. */
const oneTimePrefix = 'parley_once_';

/** The uses of one-time tokens; a token works for its own purpose only. */
export type Purpose = 'RESET_PASSWORD' | 'SIGN_UP' | 'VERIFY_EMAIL' | 'ACCEPT_INVITATION';

/** The lifetimes of one-time tokens in milliseconds. */
const tokenTtlMs: Readonly<Record<Purpose, number>> = {
  RESET_PASSWORD: 60 * 60 * 1000,
  SIGN_UP: 24 * 60 * 60 * 1000,
  VERIFY_EMAIL: 24 * 60 * 60 * 1000,
  ACCEPT_INVITATION: 7 * 24 * 60 * 60 * 1000,
};

/** A one-time token to insert; only its hash is stored. */
export interface NewOneTimeToken {
  readonly id: string;
  readonly purpose: Purpose;
  readonly tokenHash: Buffer;
  readonly email: string;
  /** Null where there is no account yet. */
  readonly userId: string | null;
  readonly invitation: { readonly tenantId: string; readonly id: string } | null;
  /** True if only the reader of the address gets the token. */
  readonly isMailed: boolean;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Creates a one-time token; only `stored`, which lacks the token itself, may be stored. */
export function createOneTimeToken(
  use: Pick<NewOneTimeToken, 'purpose' | 'email' | 'userId' | 'invitation' | 'isMailed'>,
  now: number,
): { readonly token: string; readonly stored: NewOneTimeToken } {
  const token = createSecret(oneTimePrefix);
  const times = { createdAt: new Date(now), expiresAt: new Date(now + tokenTtlMs[use.purpose]) };
  return { token, stored: { ...use, ...times, id: createId(), tokenHash: tokenHashOf(token) } };
}

/** Returns the hash by which a token is stored and found. */
export function tokenHashOf(token: string): Buffer {
  return Buffer.from(hashOfSecret(token), 'hex');
}

/** A one-time token that was found or used. */
export interface OneTimeToken {
  readonly purpose: Purpose;
  readonly email: string;
  readonly userId: string | null;
  readonly tenantId: string | null;
  readonly invitationId: string | null;
  readonly isMailed: boolean;
}

/** An open or closed invitation, as admins of the tenant see it. */
export interface Invitation {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** An invitation as its person sees it. */
export interface ReceivedInvitation {
  readonly id: string;
  readonly tenantId: string;
  readonly tenantName: string;
  readonly tenantSlug: string;
  readonly role: Role;
  readonly expiresAt: Date;
}

/** An account to insert. */
export interface NewAccount {
  readonly id: string;
  readonly email: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** Null for an account whose password is yet to be chosen. */
  readonly passwordHash: string | null;
  readonly isPlatformAdmin: boolean;
  /** Null for an address that someone else wrote down. */
  readonly emailVerifiedAt: Date | null;
  readonly createdAt: Date;
}

/** A membership that begins. */
export interface NewMembership {
  readonly tenantId: string;
  readonly role: Role;
}

/** The statement that inserts an account unless the address is taken; returns `id`. */
export function insertAccount(account: NewAccount): Sql {
  return sql`insert into users (id, email, first_name, last_name, password_hash, is_platform_admin, email_verified_at,
      created_at, updated_at)
    values (${account.id}::uuid, ${account.email}, ${account.firstName}, ${account.lastName}, ${account.passwordHash},
      ${account.isPlatformAdmin}, ${account.emailVerifiedAt}, ${account.createdAt}, ${account.createdAt})
    on conflict do nothing returning id`;
}

/** The statement that inserts a one-time token; returns `id`. */
export function insertToken(token: NewOneTimeToken): Sql {
  return sql`insert into one_time_tokens (id, purpose, token_hash, email, user_id, tenant_id, invitation_id, is_mailed,
      created_at, expires_at)
    values (${token.id}::uuid, ${token.purpose}, ${token.tokenHash}, ${token.email}, ${token.userId}::uuid,
      ${token.invitation?.tenantId ?? null}::uuid, ${token.invitation?.id ?? null}::uuid, ${token.isMailed},
      ${token.createdAt}, ${token.expiresAt})
    returning id`;
}

/** The statement that revokes the sessions of a user in all tenants, except the one with the ID `kept`. */
export function revokeSessionsOf(userId: Sql, now: Date, kept: string | null = null): Sql {
  return sql`update sessions s set revoked_at = ${now} from memberships m
    where m.user_id = ${userId} and s.tenant_id = m.tenant_id and s.user_id = m.user_id and s.revoked_at is null
      and s.id is distinct from ${kept}::uuid`;
}

/**
 * The statement that uses a token for one of the purposes; returns no row for an invalid, used or expired
 * token.
 */
export function useToken(hash: Buffer, purposes: readonly Purpose[], now: Date): Sql {
  return sql`update one_time_tokens o set used_at = ${now}
    where o.token_hash = ${hash} and o.purpose = any(${purposes}::text[]) and o.used_at is null and o.expires_at > ${now}
    returning ${tokenColumns}`;
}

/** The statement that finds a token for one of the purposes that could be used now. */
export function selectToken(hash: Buffer, purposes: readonly Purpose[], now: Date): Sql {
  return sql`select ${tokenColumns} from one_time_tokens o
    where o.token_hash = ${hash} and o.purpose = any(${purposes}::text[]) and o.used_at is null and o.expires_at > ${now}`;
}

const tokenColumns = sql`o.purpose, o.email, o.user_id as "userId", o.tenant_id as "tenantId",
  o.invitation_id as "invitationId", o.is_mailed as "isMailed"`;

/** The reasons for which the use of a token is undone. */
export type RejectionReason = 'invalidToken' | 'addressTaken' | 'slugTaken' | 'otherAddress' | 'suspended';

/** A use of a token that is rolled back. */
export class TokenRejected extends Error {
  readonly reason: RejectionReason;

  constructor(reason: RejectionReason) {
    super(reason);
    this.reason = reason;
  }
}
