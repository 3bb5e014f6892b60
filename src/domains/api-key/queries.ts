import sql from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { pagedList, type Ordering, type PagedList } from '../../paging/paged-list.ts';
import type { LastSeen } from '../../platform/postgres/last-seen-buffer.ts';
import { insertAudit, type AuditEntry } from '../audit/model.ts';
import { isTenantAdmin, type Viewer } from '../session/model.ts';
import type { ApiKey, KeyIdentity } from './model.ts';

/** A key to be; only its hash is stored. */
export interface NewApiKey extends Omit<ApiKey, 'tenantId' | 'lastUsedAt' | 'revokedAt'> {
  readonly keyHash: Buffer;
}

/** The statements of API keys. */
export type ApiKeyQueries = ReturnType<typeof createApiKeyQueries>;

const columns = sql`k.tenant_id as "tenantId", k.id, k.user_id as "userId", k.name, k.prefix, k.scopes,
  k.created_at as "createdAt", k.last_used_at as "lastUsedAt", k.expires_at as "expiresAt", k.revoked_at as "revokedAt"`;

const identityColumns = sql`k.id as "keyId", k.tenant_id as "tenantId", t.slug as "tenantSlug",
  k.user_id as "userId", m.role, u.is_platform_admin as "isPlatformAdmin", k.scopes, k.expires_at as "expiresAt",
  m.is_active and u.is_active as "isOwnerActive"`;

const ownedKeys = sql`api_keys k
  join tenants t on t.id = k.tenant_id
  join memberships m on m.tenant_id = k.tenant_id and m.user_id = k.user_id
  join users u on u.id = k.user_id`;

const newestFirst: Ordering<ApiKey> = {
  name: 'apiKey.createdAt',
  direction: 'desc',
  columns: [
    { name: 'createdAt', expression: sql`k.created_at`, type: 'timestamptz' },
    { name: 'id', expression: sql`k.id`, type: 'uuid' },
  ],
};

/** Creates the statements of API keys. */
export function createApiKeyQueries(db: Database) {
  return {
    /** Finds the identity behind a key by its hash in hex; null if the key is unknown or revoked. */
    async identityByKeyHash(hash: string): Promise<KeyIdentity | null> {
      const [identity] = await db.query<KeyIdentity>(sql`select ${identityColumns} from ${ownedKeys}
        where k.key_hash = ${Buffer.from(hash, 'hex')} and k.revoked_at is null`);
      return identity ?? null;
    },

    /** Finds many as `identityByKeyHash` does; unknown and revoked keys are missing. */
    async identitiesByKeyHashes(hashes: readonly string[]): Promise<Map<string, KeyIdentity>> {
      const rows = await db.query<KeyIdentity & { readonly hash: string }>(sql`select
          encode(k.key_hash, 'hex') as hash, ${identityColumns} from ${ownedKeys}
        where k.key_hash = any(${hashes.map((hash) => Buffer.from(hash, 'hex'))}::bytea[]) and k.revoked_at is null`);
      return new Map(rows.map(({ hash, ...identity }) => [hash, identity]));
    },

    /** Hashes, in hex, of these people's keys in force: of each person and tenant the newest three. */
    async keyHashesOf(userIds: readonly string[], limit: number, now: Date): Promise<string[]> {
      const rows = await db.query<{ hash: string }>(sql`select encode(k.key_hash, 'hex') as hash
        from memberships m cross join lateral (
          select key_hash from api_keys
          where tenant_id = m.tenant_id and user_id = m.user_id and revoked_at is null
            and (expires_at is null or expires_at > ${now})
          order by created_at desc, id desc limit 3
        ) as k
        where m.user_id = any(${userIds}::uuid[]) and m.is_active limit ${limit}`);
      return rows.map(({ hash }) => hash);
    },

    async create(tenantId: string, key: NewApiKey): Promise<ApiKey> {
      const [created] = await db.query<ApiKey>(sql`insert into api_keys as k
          (tenant_id, id, user_id, name, prefix, key_hash, scopes, created_at, expires_at)
        values (${tenantId}::uuid, ${key.id}::uuid, ${key.userId}::uuid, ${key.name}, ${key.prefix}, ${key.keyHash},
          ${key.scopes}::text[], ${key.createdAt}, ${key.expiresAt})
        returning ${columns}`);
      if (created === undefined) throw new Error('INSERT … RETURNING returned no row for an API key.');
      return created;
    },

    /**
     * Revokes a key that the viewer may see, null if there is none; a revoked key keeps its date. The audit
     * entry is kept if the key belongs to another user.
     */
    async revoke(viewer: Viewer, id: string, entry: AuditEntry): Promise<ApiKey | null> {
      const { createdAt: now } = entry;
      const ofOthers = sql`ended where "userId" <> ${viewer.userId}::uuid and "revokedAt" = ${now}`;
      const [revoked] = await db.query<ApiKey>(sql`with ended as (
          update api_keys k set revoked_at = coalesce(k.revoked_at, ${now})
          where ${whereVisible(viewer)} and k.id = ${id}::uuid
          returning ${columns}
        ), noted as (${insertAudit(entry, ofOthers)})
        select * from ended`);
      return revoked ?? null;
    },

    /** Notes when keys of any tenants were used, by ONE statement; only a later time counts. */
    async writeLastSeen(lastSeen: readonly LastSeen[]): Promise<void> {
      // Locked in one order: two processes that note the same keys would else wait for each other for ever.
      await db.query(sql`with seen as (
          select k.tenant_id, k.id, seen.at
          from unnest(${lastSeen.map((seen) => seen.tenantId)}::uuid[], ${lastSeen.map((seen) => seen.id)}::uuid[],
            ${lastSeen.map((seen) => seen.at)}::timestamptz[]) as seen(tenant_id, id, at)
          join api_keys k on k.tenant_id = seen.tenant_id and k.id = seen.id
          order by k.tenant_id, k.id for no key update of k
        )
        update api_keys k set last_used_at = greatest(k.last_used_at, seen.at)
        from seen where k.tenant_id = seen.tenant_id and k.id = seen.id`);
    },

    /** The viewer's own keys, and for admins those of their tenant. */
    async byIds(viewer: Viewer, ids: readonly string[]): Promise<ApiKey[]> {
      return db.query<ApiKey>(sql`select ${columns} from api_keys k
        where ${whereVisible(viewer)} and k.id = any(${ids}::uuid[])`);
    },

    /** Lists keys by user; empty if the viewer may not see the user's keys. */
    ofUsers(viewer: Viewer): PagedList<ApiKey> {
      return pagedList(db, {
        select: columns,
        from: sql`api_keys k`,
        where: (user) => sql`${whereVisible(viewer)} and k.user_id = ${user}`,
        ordering: newestFirst,
      });
    },
  };
}

function whereVisible(viewer: Viewer) {
  const ofTenant = sql`k.tenant_id = ${viewer.tenantId}::uuid`;
  return isTenantAdmin(viewer) ? ofTenant : sql`${ofTenant} and k.user_id = ${viewer.userId}::uuid`;
}
