import sql from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { pagedList, type Ordering, type PagedList } from '../../paging/paged-list.ts';
import type { LastSeen } from '../../platform/postgres/last-seen-buffer.ts';
import { insertAudit, type AuditEntry } from '../audit/model.ts';
import { isTenantAdmin, type Session, type SessionIdentity, type Viewer } from './model.ts';
import type { Role } from '../tenant/model.ts';

/** The data of an account that signing in needs. */
export interface Credentials {
  readonly userId: string;
  readonly passwordHash: string | null;
  readonly isActive: boolean;
  readonly isPlatformAdmin: boolean;
  /** The active memberships, oldest first. */
  readonly memberships: readonly { readonly tenantId: string; readonly slug: string; readonly role: Role }[];
}

/** A session to insert; only the token's hash is stored. */
export interface NewSession {
  readonly id: string;
  readonly userId: string;
  readonly tokenHash: Buffer;
  readonly userAgent: string | null;
  readonly ipAddress: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** The database queries of sessions. */
export type SessionQueries = ReturnType<typeof createSessionQueries>;

const columns = sql`s.tenant_id as "tenantId", s.id, s.user_id as "userId", s.user_agent as "userAgent",
  s.ip_address as "ipAddress", s.created_at as "createdAt", s.last_seen_at as "lastSeenAt",
  s.expires_at as "expiresAt", s.revoked_at as "revokedAt"`;

/** A person's active memberships as JSON, oldest first. */
const memberships = sql`coalesce((
  select json_agg(json_build_object('tenantId', m.tenant_id, 'slug', t.slug, 'role', m.role) order by m.joined_at, t.slug)
  from memberships m join tenants t on t.id = m.tenant_id
  where m.user_id = u.id and m.is_active), '[]')`;

const identityColumns = sql`s.id as "sessionId", s.tenant_id as "tenantId", s.user_id as "userId",
  s.expires_at as "expiresAt", u.is_platform_admin as "isPlatformAdmin", u.is_active as "isOwnerActive",
  ${memberships} as memberships`;

const ownedSessions = sql`sessions s join users u on u.id = s.user_id`;

const credentials = sql`select u.id as "userId", u.password_hash as "passwordHash", u.is_active as "isActive",
  u.is_platform_admin as "isPlatformAdmin", ${memberships} as memberships from users u`;

const newestFirst: Ordering<Session> = {
  name: 'session.createdAt',
  direction: 'desc',
  columns: [
    { name: 'createdAt', expression: sql`s.created_at`, type: 'timestamptz' },
    { name: 'id', expression: sql`s.id`, type: 'uuid' },
  ],
};

/** Creates the database queries of sessions. */
export function createSessionQueries(db: Database) {
  return {
    /**
     * Finds the identity behind a token by its hash in hex, in any tenant; null if it is unknown or revoked.
     */
    async identityByTokenHash(hash: string): Promise<SessionIdentity | null> {
      const [identity] = await db.query<SessionIdentity>(sql`select ${identityColumns} from ${ownedSessions}
        where s.token_hash = ${Buffer.from(hash, 'hex')} and s.revoked_at is null`);
      return identity ?? null;
    },

    /** Finds the identities behind many tokens by their hashes; unknown and revoked tokens are missing. */
    async identitiesByTokenHashes(hashes: readonly string[]): Promise<Map<string, SessionIdentity>> {
      const rows = await db.query<SessionIdentity & { readonly hash: string }>(sql`select
          encode(s.token_hash, 'hex') as hash, ${identityColumns} from ${ownedSessions}
        where s.token_hash = any(${hashes.map((hash) => Buffer.from(hash, 'hex'))}::bytea[]) and s.revoked_at is null`);
      return new Map(rows.map(({ hash, ...identity }) => [hash, identity]));
    },

    /** Finds the token hashes (hex) of users' valid sessions: the newest three of each user and tenant. */
    async tokenHashesOf(userIds: readonly string[], limit: number, now: Date): Promise<string[]> {
      const rows = await db.query<{ hash: string }>(sql`select encode(s.token_hash, 'hex') as hash
        from memberships m cross join lateral (
          select token_hash from sessions
          where tenant_id = m.tenant_id and user_id = m.user_id and revoked_at is null and expires_at > ${now}
          order by created_at desc, id desc limit 3
        ) as s
        where m.user_id = any(${userIds}::uuid[]) and m.is_active limit ${limit}`);
      return rows.map(({ hash }) => hash);
    },

    /** Finds an account by its email address, ignoring case. */
    async credentialsByEmail(email: string): Promise<Credentials | null> {
      const [found] = await db.query<Credentials>(sql`${credentials} where lower(u.email) = lower(${email})`);
      return found ?? null;
    },

    /** Finds a session of an account, even if expired or revoked, by the hash of its token. */
    async sessionOfAccount(email: string, tokenHash: Buffer): Promise<string | null> {
      const [found] = await db.query<{ readonly id: string }>(sql`select s.id from ${ownedSessions}
        where s.token_hash = ${tokenHash} and lower(u.email) = lower(${email})`);
      return found?.id ?? null;
    },

    /** Finds a member's email address, which may be null; null if there is no such member. */
    async memberById(viewer: Viewer, userId: string): Promise<{ readonly email: string | null } | null> {
      const [member] = await db.query<{ readonly email: string | null }>(sql`select u.email
        from users u join memberships m on m.user_id = u.id
        where m.tenant_id = ${viewer.tenantId}::uuid and u.id = ${userId}::uuid`);
      return member ?? null;
    },

    async recordAudit(entry: AuditEntry): Promise<void> {
      await db.query(insertAudit(entry));
    },

    /** Finds an account by its external ID, such as `import:<tenant>:<author>`. */
    async credentialsByExternalId(externalId: string): Promise<Credentials | null> {
      const [found] = await db.query<Credentials>(sql`${credentials} where u.external_id = ${externalId}`);
      return found ?? null;
    },

    /** Inserts a session and updates the user's last sign-in, in one transaction. */
    async create(tenantId: string, session: NewSession): Promise<Session> {
      const [created] = await db.query<Session>(sql`with signed_in as (
          update users set last_login_at = ${session.createdAt} where id = ${session.userId}::uuid
        )
        insert into sessions as s
          (tenant_id, id, user_id, token_hash, user_agent, ip_address, created_at, last_seen_at, expires_at)
        values (${tenantId}::uuid, ${session.id}::uuid, ${session.userId}::uuid, ${session.tokenHash},
          ${session.userAgent}, ${session.ipAddress}, ${session.createdAt}, ${session.createdAt}, ${session.expiresAt})
        returning ${columns}`);
      if (created === undefined) throw new Error('INSERT … RETURNING returned no row for a session.');
      return created;
    },

    /** Revokes a session; null if it does not exist or is revoked already. */
    async revoke(tenantId: string, id: string, now: Date): Promise<Session | null> {
      const [revoked] = await db.query<Session>(sql`update sessions s set revoked_at = ${now}
        where s.tenant_id = ${tenantId}::uuid and s.id = ${id}::uuid and s.revoked_at is null
        returning ${columns}`);
      return revoked ?? null;
    },

    /**
     * Revokes a session that the viewer may see, and stores the entry if it is another user's. Null if there
     * is none; a revoked session keeps its date.
     */
    async revokeVisible(viewer: Viewer, id: string, entry: AuditEntry): Promise<Session | null> {
      const { createdAt: now } = entry;
      const ofOthers = sql`ended where "userId" <> ${viewer.userId}::uuid and "revokedAt" = ${now}`;
      const [revoked] = await db.query<Session>(sql`with ended as (
          update sessions s set revoked_at = coalesce(s.revoked_at, ${now})
          where ${whereVisible(viewer)} and s.id = ${id}::uuid
          returning ${columns}
        ), noted as (${insertAudit(entry, ofOthers)})
        select * from ended`);
      return revoked ?? null;
    },

    /** Updates last-seen times across tenants by one statement; a time never moves backwards. */
    async writeLastSeen(lastSeen: readonly LastSeen[]): Promise<void> {
      // Locks rows in one order, because two processes that update the same sessions would deadlock.
      await db.query(sql`with seen as (
          select s.tenant_id, s.id, seen.at
          from unnest(${lastSeen.map((seen) => seen.tenantId)}::uuid[], ${lastSeen.map((seen) => seen.id)}::uuid[],
            ${lastSeen.map((seen) => seen.at)}::timestamptz[]) as seen(tenant_id, id, at)
          join sessions s on s.tenant_id = seen.tenant_id and s.id = seen.id
          order by s.tenant_id, s.id for no key update of s
        )
        update sessions s set last_seen_at = greatest(s.last_seen_at, seen.at)
        from seen where s.tenant_id = seen.tenant_id and s.id = seen.id`);
    },

    /** Finds the viewer's own sessions, and for admins those of their tenant. */
    async byIds(viewer: Viewer, ids: readonly string[]): Promise<Session[]> {
      return db.query<Session>(sql`select ${columns} from sessions s
        where ${whereVisible(viewer)} and s.id = any(${ids}::uuid[])`);
    },

    /** Lists sessions by user; empty if the viewer may not see the user's sessions. */
    ofUsers(viewer: Viewer, activeAt: Date | null): PagedList<Session> {
      const active = activeAt === null ? sql`true` : sql`s.revoked_at is null and s.expires_at > ${activeAt}`;
      return pagedList(db, {
        select: columns,
        from: sql`sessions s`,
        where: (user) => sql`${whereVisible(viewer)} and s.user_id = ${user} and ${active}`,
        ordering: newestFirst,
      });
    },
  };
}

function whereVisible(viewer: Viewer) {
  const ofTenant = sql`s.tenant_id = ${viewer.tenantId}::uuid`;
  return isTenantAdmin(viewer) ? ofTenant : sql`${ofTenant} and s.user_id = ${viewer.userId}::uuid`;
}
