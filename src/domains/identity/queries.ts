import type { PoolClient } from 'pg';
import sql, { type Sql } from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { inTransaction } from '../../platform/postgres/transaction.ts';
import { createId } from '../../platform/ids.ts';
import { mirrorMembership, type MembershipNews } from './membership/queries.ts';
import type { MirroredPerson, ProviderProfile, TenantLink } from './model.ts';
import { tenantOf } from './organisation/queries.ts';

/** A person to mirror, with a membership in one organisation. */
export interface MirrorRequest {
  readonly issuer: string;
  readonly subject: string;
  readonly profile: ProviderProfile;
  readonly membership: MembershipNews | null;
  /** The current time, by the server's clock. */
  readonly now: Date;
}

/** The result of mirroring. */
export interface Mirrored {
  /** Null for an unknown person without a tenant to join. */
  readonly userId: string | null;
  readonly isCreated: boolean;
  /** Null without an organisation, or if it is linked to no tenant. */
  readonly tenantId: string | null;
  /** Null unless this call has linked a tenant to the organisation. */
  readonly link: TenantLink | null;
}

/** The address of a new person belongs to another account, which can't be taken over. */
export class AddressTaken extends Error {}

/** The statements of the identity mirror. */
export type IdentityQueries = ReturnType<typeof createIdentityQueries>;

const personColumns = sql`u.id as "userId", u.is_active as "isActive", u.is_platform_admin as "isPlatformAdmin",
  u.identity_updated_at as "providerUpdatedAt", u.identity_synced_at as "syncedAt",
  u.tokens_not_before as "tokensNotBefore", coalesce((
    select json_agg(json_build_object('tenantId', m.tenant_id, 'slug', t.slug, 'organisationId', t.external_id,
      'role', m.role, 'isActive', m.is_active, 'providerRole', m.identity_role,
      'providerAsOf', ${milliseconds(sql`m.identity_updated_at`)},
      'removedAt', ${milliseconds(sql`m.identity_removed_at`)}) order by m.joined_at, t.slug)
    from memberships m join tenants t on t.id = m.tenant_id where m.user_id = u.id), '[]') as memberships`;

/** Creates queries without a tenant argument: the identity provider decides who belongs to which tenant. */
export function createIdentityQueries(db: Database) {
  return {
    /** Finds a person, also a suspended one; null if they were never mirrored. */
    async personBySubject(subject: string): Promise<MirroredPerson | null> {
      const [person] = await db.query<MirroredPerson>(
        sql`select ${personColumns} from users u where u.external_id = ${subject}`,
      );
      return person ?? null;
    },

    /** Finds many people as `personBySubject` does; people who were never mirrored are missing. */
    async peopleBySubjects(subjects: readonly string[]): Promise<Map<string, MirroredPerson>> {
      const rows = await db.query<MirroredPerson & { readonly subject: string }>(sql`select
          u.external_id as subject, ${personColumns} from users u where u.external_id = any(${subjects}::text[])`);
      return new Map(rows.map(({ subject, ...person }) => [subject, person]));
    },

    /** Finds the provider's ids of those users that were mirrored. */
    async subjectsOf(userIds: readonly string[], limit: number): Promise<string[]> {
      const rows = await db.query<{ subject: string }>(sql`select external_id as subject from users
        where id = any(${userIds}::uuid[]) and external_id is not null and identity_synced_at is not null
        limit ${limit}`);
      return rows.map(({ subject }) => subject);
    },

    /**
     * Writes the provider's statement as far as it is newer than the stored one, all or nothing. Concurrent
     * calls result in one person and one membership.
     * @throws AddressTaken
     */
    async mirror(request: MirrorRequest): Promise<Mirrored> {
      return inTransaction(db.pool, async (client) => {
        const { membership, now } = request;
        const tenant =
          membership === null
            ? null
            : await tenantOf(client, membership.organisation, membership.policy, now);
        const person = await personOf(client, request, tenant !== null);
        const found = { tenantId: tenant?.tenantId ?? null, link: tenant?.link ?? null };
        if (person === null) return { userId: null, isCreated: false, ...found };
        if (tenant !== null && membership !== null) {
          await mirrorMembership(client, tenant.tenantId, person.id, membership);
        }
        return { userId: person.id, isCreated: person.isCreated, ...found };
      });
    },

    /** Rejects the person's tokens that were issued until then. */
    async rejectTokensUntil(userId: string, until: Date): Promise<void> {
      await db.query(sql`update users set tokens_not_before = greatest(tokens_not_before, ${until}::timestamptz)
        where id = ${userId}::uuid`);
    },

    /**
     * Deactivates a person, revokes sessions and keys, and frees the address. An unknown person leaves a
     * trace, so that a late older statement of the provider does not restore the account.
     */
    async deletePerson({
      subject,
      issuer,
      now,
    }: Pick<MirrorRequest, 'subject' | 'issuer' | 'now'>): Promise<void> {
      await db.query(sql`with deleted as (
          insert into users as u (id, external_id, identity_provider, is_active, identity_synced_at, created_at, updated_at)
          values (${createId()}::uuid, ${subject}, ${issuer}, false, ${now}, ${now}, ${now})
          on conflict (external_id) do update set is_active = false, email = null, identity_synced_at = ${now}
          returning u.id
        ), signed_out as (
          update sessions s set revoked_at = ${now} from deleted d join memberships m on m.user_id = d.id
          where s.tenant_id = m.tenant_id and s.user_id = m.user_id and s.revoked_at is null
        ), locked_out as (
          update api_keys k set revoked_at = ${now} from deleted d join memberships m on m.user_id = d.id
          where k.tenant_id = m.tenant_id and k.user_id = m.user_id and k.revoked_at is null
        )
        select from deleted`);
    },

    /** Suspends all members of an organisation that the provider had added. */
    async removeMembers(organisationId: string, asOf: Date): Promise<void> {
      await db.query(sql`update memberships m set is_active = false,
          identity_removed_at = ${asOf}, identity_updated_at = ${asOf}
        from tenants t
        where t.external_id = ${organisationId} and m.tenant_id = t.id and m.is_active and m.identity_role is not null
          and m.identity_updated_at <= ${asOf}`);
    },
  };
}

function milliseconds(time: Sql): Sql {
  return sql`(extract(epoch from ${time}) * 1000)::float8`;
}

interface KnownPerson {
  readonly id: string;
  readonly isCreated: boolean;
}

/** Finds a person by the provider's id, then by verified address; creates one only with a tenant to join. */
async function personOf(
  client: PoolClient,
  request: MirrorRequest,
  mayCreate: boolean,
): Promise<KnownPerson | null> {
  const known = (await updatePerson(client, request)) ?? (await linkPerson(client, request));
  if (known !== null) return { id: known, isCreated: false };
  if (!mayCreate) return null;

  const { subject, issuer, profile, now } = request;
  const { rows } = await client.query<{
    id: string;
  }>(sql`insert into users (id, external_id, identity_provider, email, email_verified_at,
      first_name, last_name, identity_updated_at, identity_synced_at, created_at, updated_at)
    values (${createId()}::uuid, ${subject}, ${issuer}, ${profile.email},
      case when ${profile.email}::text is not null then ${now}::timestamptz end, ${profile.firstName}, ${profile.lastName},
      ${profile.updatedAt}, ${now}, ${now}, ${now})
    on conflict do nothing returning id`);
  if (rows[0] !== undefined) return { id: rows[0].id, isCreated: true };

  // A concurrent request has created the same person, or an account with the same address.
  const created = await updatePerson(client, request);
  if (created === null) throw new AddressTaken();
  return { id: created, isCreated: false };
}

/**
 * Updates a person; data that were changed here stay until the provider changes its own. An address of
 * another account stays there.
 */
async function updatePerson(client: PoolClient, request: MirrorRequest): Promise<string | null> {
  const { subject, issuer, profile, now } = request;
  const { rows } = await client.query<{ id: string }>(sql`update users u set
      identity_provider = ${issuer}, identity_synced_at = ${now},
      identity_updated_at = greatest(u.identity_updated_at, ${profile.updatedAt}::timestamptz),
      email = ${newest('email', profile.email, profile.updatedAt)},
      email_verified_at = case when ${profile.email}::text is null then u.email_verified_at
        else coalesce(u.email_verified_at, ${now}) end,
      first_name = ${newest('first_name', profile.firstName, profile.updatedAt)},
      last_name = ${newest('last_name', profile.lastName, profile.updatedAt)},
      updated_at = case when ${isNewer(profile.updatedAt)} then ${now} else u.updated_at end
    where u.external_id = ${subject} returning u.id`);
  return rows[0]?.id ?? null;
}

function isNewer(updatedAt: Date | null): Sql {
  return sql`(${updatedAt}::timestamptz is not null
    and (u.identity_updated_at is null or u.identity_updated_at < ${updatedAt}::timestamptz))`;
}

/** The column's next value. Nothing is taken back that the provider does not mention. */
function newest(
  column: 'email' | 'first_name' | 'last_name',
  value: string | null | undefined,
  updatedAt: Date | null,
): Sql {
  const current = { email: sql`u.email`, first_name: sql`u.first_name`, last_name: sql`u.last_name` }[column];
  if (value === undefined) return current;
  const isAccepted = column === 'email' ? maySetAddress(value, updatedAt) : maySetName(current, updatedAt);
  return sql`case when ${isAccepted} then ${value}::text else ${current} end`;
}

/**
 * A missing address was never known or belonged to another account, so that any current statement fills it
 * in; the address of a deleted person must stay free.
 */
function maySetAddress(value: string | null, updatedAt: Date | null): Sql {
  const isOutOfDate = sql`coalesce(${updatedAt}::timestamptz < u.identity_updated_at, false)`;
  return sql`(${isNewer(updatedAt)} or (u.email is null and not ${isOutOfDate}))
    and (u.is_active or u.email is not null)
    and not exists (select from users o where lower(o.email) = lower(${value}::text) and o.id <> u.id)`;
}

/** A name that is missing although the provider has spoken was taken back, there or here. */
function maySetName(current: Sql, updatedAt: Date | null): Sql {
  return sql`(${isNewer(updatedAt)} or (${current} is null and u.identity_updated_at is null))`;
}

/**
 * Links an account by address, never a platform admin's: an address is too weak a proof for that. An account
 * with a password whose address was never verified may be another person's, and loses the address instead.
 */
async function linkPerson(client: PoolClient, request: MirrorRequest): Promise<string | null> {
  const { subject, issuer, profile, now } = request;
  if (typeof profile.email !== 'string') return null;
  const { rows } = await client.query<{ id: string }>(sql`with freed as (
      update users set email = null, updated_at = ${now}
      where lower(email) = lower(${profile.email}) and external_id is null and not is_platform_admin
        and email_verified_at is null and password_hash is not null
    )
    update users u set external_id = ${subject}, email_verified_at = coalesce(u.email_verified_at, ${now}),
      identity_provider = ${issuer}, identity_updated_at = ${profile.updatedAt}, identity_synced_at = ${now},
      first_name = coalesce(u.first_name, ${profile.firstName}), last_name = coalesce(u.last_name, ${profile.lastName}),
      updated_at = ${now}
    where lower(u.email) = lower(${profile.email}) and u.external_id is null and not u.is_platform_admin
      and (u.email_verified_at is not null or u.password_hash is null)
    returning u.id`);
  return rows[0]?.id ?? null;
}
