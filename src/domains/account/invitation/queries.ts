import type { PoolClient } from 'pg';
import sql, { type Sql } from 'sql-template-tag';
import { pagedList, type Ordering, type PagedList } from '../../../paging/paged-list.ts';
import type { Database } from '../../../platform/postgres/database.ts';
import { inTransaction } from '../../../platform/postgres/transaction.ts';
import { insertAudit, type AuditEntry } from '../../audit/model.ts';
import type { Viewer } from '../../session/model.ts';
import type { Role } from '../../tenant/model.ts';
import {
  insertAccount,
  insertToken,
  TokenRejected,
  useToken,
  type Invitation,
  type NewOneTimeToken,
  type OneTimeToken,
  type ReceivedInvitation,
} from '../model.ts';

/** The state of a tenant and an address before an invitation, read while the tenant is locked. */
export interface BeforeInvitation {
  /** The role of the acting user; null if they were suspended meanwhile. */
  readonly actorRole: Role | null;
  /** Null if the address has no member. */
  readonly isMemberActive: boolean | null;
  /** The role of the address's open invitation. */
  readonly invitedRole: Role | null;
}

/** An invitation to write, with the token and audit entry that go with it. */
export interface InvitationChange {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly token: Omit<NewOneTimeToken, 'invitation'>;
  readonly entry: (invitationId: string) => AuditEntry;
}

/** An account that accepts an invitation; with `createdId`, an account is created if the address has none. */
export interface Accepting {
  readonly userId: string | null;
  readonly createdId: string;
  readonly now: Date;
}

const columns = sql`i.id, i.email, i.role, i.created_at as "createdAt", i.expires_at as "expiresAt"`;

const receivedColumns = sql`i.id, i.tenant_id as "tenantId", t.name as "tenantName", t.slug as "tenantSlug", i.role,
  i.expires_at as "expiresAt"`;

const newestFirst: Ordering<Invitation> = {
  name: 'invitation.createdAt',
  direction: 'desc',
  columns: [
    { name: 'createdAt', expression: sql`i.created_at`, type: 'timestamptz' },
    { name: 'id', expression: sql`i.id`, type: 'uuid' },
  ],
};

/** Creates the database queries of invitations. */
export function createInvitationQueries(db: Database) {
  return {
    /** Lists the open invitations of the viewer's tenant. */
    invitations(viewer: Viewer, now: Date): PagedList<Invitation> {
      return pagedList(db, {
        select: columns,
        from: sql`invitations i`,
        where: (tenant) =>
          sql`i.tenant_id = ${viewer.tenantId}::uuid and i.tenant_id = ${tenant} and ${isOpen(now)}`,
        ordering: newestFirst,
      });
    },

    /** Lists the open invitations of the verified address of a user. */
    async receivedInvitations(userId: string, now: Date): Promise<ReceivedInvitation[]> {
      return db.query<ReceivedInvitation>(sql`select ${receivedColumns}
        from users u join invitations i on lower(i.email) = lower(u.email) join tenants t on t.id = i.tenant_id
        where u.id = ${userId}::uuid and u.email_verified_at is not null and ${isOpen(now)}
        order by i.created_at desc, i.id desc limit 100`);
    },

    /** Writes an invitation, or replaces the open one of the address, unless `decide` throws. */
    async invite(
      viewer: Viewer,
      change: InvitationChange,
      decide: (before: BeforeInvitation) => void,
    ): Promise<Invitation> {
      return inTransaction(db.pool, async (client) => {
        await client.query(sql`select from tenants where id = ${viewer.tenantId}::uuid for no key update`);
        decide(await stateBefore(client, viewer, change.email));
        const { createdAt, expiresAt } = change.token;
        const { rows } = await client.query<Invitation>(sql`insert into invitations as i
            (tenant_id, id, email, role, invited_by_id, created_at, expires_at)
          values (${viewer.tenantId}::uuid, ${change.id}::uuid, ${change.email}, ${change.role}::role,
            ${viewer.userId}::uuid, ${createdAt}, ${expiresAt})
          on conflict (lower(email), tenant_id) where accepted_at is null and revoked_at is null
            do update set role = excluded.role, invited_by_id = excluded.invited_by_id, expires_at = excluded.expires_at
          returning ${columns}`);
        const [invitation] = rows;
        if (invitation === undefined)
          throw new Error('INSERT … RETURNING returned no row for an invitation.');
        await removeTokens(client, viewer.tenantId, invitation.id);
        await client.query(
          insertToken({ ...change.token, invitation: { tenantId: viewer.tenantId, id: invitation.id } }),
        );
        await client.query(insertAudit(change.entry(invitation.id)));
        return invitation;
      });
    },

    /** Revokes an open invitation of the viewer's tenant with its token; null if there is none. */
    async revokeInvitation(viewer: Viewer, id: string, entry: AuditEntry): Promise<Invitation | null> {
      const [revoked] = await db.query<Invitation>(sql`with revoked as (
          update invitations i set revoked_at = ${entry.createdAt}
          where i.tenant_id = ${viewer.tenantId}::uuid and i.id = ${id}::uuid and ${isOpen(entry.createdAt)}
          returning ${columns}
        ), noted as (${insertAudit(entry, sql`revoked`)})
        select * from revoked`);
      return revoked ?? null;
    },

    /**
     * Uses a token to accept its invitation. Without an account, only a token that was sent by email does.
     * @throws TokenRejected
     */
    async acceptByToken(hash: Buffer, accepting: Accepting): Promise<ReceivedInvitation> {
      return inTransaction(db.pool, async (client) => {
        const { now } = accepting;
        const { rows } = await client.query<OneTimeToken>(useToken(hash, ['ACCEPT_INVITATION'], now));
        const [token] = rows;
        if (token === undefined) throw new TokenRejected('invalidToken');
        const userId = await accepterOf(client, token, accepting);
        return acceptOpen(client, token, userId, now);
      });
    },

    /**
     * Accepts an invitation of the verified address of a user.
     * @throws TokenRejected
     */
    async acceptById(id: string, userId: string, now: Date): Promise<ReceivedInvitation> {
      return inTransaction(db.pool, async (client) => {
        const { rows } = await client.query<{ tenantId: string }>(sql`select i.tenant_id as "tenantId"
          from users u join invitations i on lower(i.email) = lower(u.email)
          where u.id = ${userId}::uuid and u.email_verified_at is not null and i.id = ${id}::uuid and ${isOpen(now)}`);
        const [invitation] = rows;
        if (invitation === undefined) throw new TokenRejected('invalidToken');
        return acceptOpen(client, { tenantId: invitation.tenantId, invitationId: id }, userId, now);
      });
    },
  };
}

/**
 * Accepts an open invitation for a user, who becomes a member unless they are one.
 * @throws TokenRejected
 */
export async function acceptOpen(
  client: PoolClient,
  { tenantId, invitationId }: Pick<OneTimeToken, 'tenantId' | 'invitationId'>,
  userId: string,
  now: Date,
): Promise<ReceivedInvitation> {
  const { rows } = await client.query<ReceivedInvitation>(sql`update invitations i set accepted_at = ${now}
    from tenants t
    where i.tenant_id = ${tenantId}::uuid and i.id = ${invitationId}::uuid and ${isOpen(now)} and t.id = i.tenant_id
    returning ${receivedColumns}`);
  const [accepted] = rows;
  if (accepted === undefined) throw new TokenRejected('invalidToken');
  const membership = await client.query<{ isActive: boolean }>(sql`insert into memberships as m
      (tenant_id, user_id, role, joined_at, created_at)
    values (${tenantId}::uuid, ${userId}::uuid, ${accepted.role}::role, ${now}, ${now})
    on conflict (tenant_id, user_id) do update set is_active = m.is_active returning is_active as "isActive"`);
  // An older invitation must not undo a suspension.
  if (membership.rows[0]?.isActive !== true) throw new TokenRejected('suspended');
  await removeTokens(client, accepted.tenantId, accepted.id);
  return accepted;
}

async function stateBefore(client: PoolClient, viewer: Viewer, email: string): Promise<BeforeInvitation> {
  const ofTenant = sql`tenant_id = ${viewer.tenantId}::uuid`;
  const { rows } = await client.query<BeforeInvitation>(sql`select
    (select role from memberships where ${ofTenant} and user_id = ${viewer.userId}::uuid and is_active) as "actorRole",
    (select m.is_active from users u join memberships m on m.user_id = u.id and m.tenant_id = ${viewer.tenantId}::uuid
      where lower(u.email) = lower(${email})) as "isMemberActive",
    (select role from invitations
      where ${ofTenant} and lower(email) = lower(${email}) and accepted_at is null and revoked_at is null) as "invitedRole"`);
  const [before] = rows;
  if (before === undefined) throw new Error('The state before an invitation has no row.');
  return before;
}

/** Finds or creates the account that accepts by a token. */
async function accepterOf(client: PoolClient, token: OneTimeToken, accepting: Accepting): Promise<string> {
  const { createdId, now } = accepting;
  const verified = token.isMailed ? now : null;
  const { rows } = await client.query<{ id: string }>(sql`update users u
    set email_verified_at = coalesce(u.email_verified_at, ${verified}::timestamptz)
    where lower(u.email) = lower(${token.email}) and u.is_active returning u.id`);
  const found = rows[0]?.id ?? null;
  if (accepting.userId !== null) {
    if (found !== accepting.userId) throw new TokenRejected('otherAddress');
    return found;
  }
  if (!token.isMailed) throw new TokenRejected('invalidToken');
  if (found !== null) return found;
  const { email } = token;
  const person = { id: createdId, email, firstName: null, lastName: null, passwordHash: null };
  const inserted = await client.query(
    insertAccount({ ...person, isPlatformAdmin: false, emailVerifiedAt: now, createdAt: now }),
  );
  if (inserted.rowCount === 0) throw new TokenRejected('invalidToken');
  return createdId;
}

async function removeTokens(client: PoolClient, tenantId: string, invitationId: string): Promise<void> {
  await client.query(sql`delete from one_time_tokens
    where tenant_id = ${tenantId}::uuid and invitation_id = ${invitationId}::uuid and used_at is null`);
}

function isOpen(now: Date): Sql {
  return sql`i.accepted_at is null and i.revoked_at is null and i.expires_at > ${now}`;
}
