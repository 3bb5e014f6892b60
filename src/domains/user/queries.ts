import sql from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { inList } from '../../platform/postgres/in-list.ts';
import type { Prisma } from '../../platform/postgres/generated/client.ts';
import type { Identity, Profile, User } from './model.ts';

/** The content of the jsonb column `profile`; names and dates have their own columns. */
type StoredProfile = Partial<Omit<Profile, 'firstName' | 'lastName' | 'updatedAt'>>;

/** Changes of a profile; absent keys leave values unchanged. */
export type ProfileChanges = {
  readonly [Key in keyof Omit<Profile, 'updatedAt'>]?: Profile[Key] | undefined;
};

interface UserRecord extends Omit<User, 'profile' | 'identity'> {
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly updatedAt: Date;
  readonly profile: StoredProfile;
  readonly provider: Identity['provider'] | null;
  readonly externalId: Identity['externalId'] | null;
  readonly providerUpdatedAt: Identity['providerUpdatedAt'];
  readonly lastSyncedAt: Identity['lastSyncedAt'];
}

/** A user in one tenant. */
interface Member {
  readonly tenantId: string;
  readonly userId: string;
}

/** The database queries of users. */
export type UserQueries = ReturnType<typeof createUserQueries>;

const columns = sql`u.id, u.email, u.first_name as "firstName", u.last_name as "lastName",
  u.is_active as "isActive", u.is_platform_admin as "isPlatformAdmin",
  u.onboarding_completed as "onboardingCompleted", u.profile, u.last_login_at as "lastLoginAt",
  u.created_at as "createdAt", u.updated_at as "updatedAt", u.identity_provider as provider,
  u.external_id as "externalId", u.identity_updated_at as "providerUpdatedAt",
  u.identity_synced_at as "lastSyncedAt"`;

/** Creates the database queries of users. */
export function createUserQueries(db: Database) {
  return {
    /** Finds users who are or were members of the tenant. */
    async byIds(tenantId: string, ids: readonly string[]): Promise<User[]> {
      const records = await db.query<UserRecord>(sql`select ${columns} from users u
        join memberships m on m.tenant_id = ${tenantId}::uuid and m.user_id = u.id
        where ${inList(sql`u.id`, ids)}`);
      return records.map(userFrom);
    },

    /** Finds users by tenant and ID, across tenants and including former members. */
    async byMembers(
      members: readonly Member[],
    ): Promise<{ readonly tenantId: string; readonly user: User }[]> {
      const records = await db.query<UserRecord & Pick<Member, 'tenantId'>>(sql`select
          m.tenant_id as "tenantId", ${columns}
        from unnest(${members.map(({ tenantId }) => tenantId)}::uuid[], ${members.map(({ userId }) => userId)}::uuid[])
          as wanted(tenant_id, user_id)
        join memberships m on m.tenant_id = wanted.tenant_id and m.user_id = wanted.user_id
        join users u on u.id = m.user_id`);
      return records.map(({ tenantId, ...record }) => ({ tenantId, user: userFrom(record) }));
    },

    /** Finds the active memberships of users, across tenants. */
    async membersAmong(userIds: readonly string[], limit: number): Promise<Member[]> {
      return db.query<Member>(sql`select tenant_id as "tenantId", user_id as "userId" from memberships
        where user_id = any(${userIds}::uuid[]) and is_active limit ${limit}`);
    },

    /**
     * Finds the most recently active users of the platform, the latest first, by their sessions and by the
     * tokens of their identity provider. Returns fewer than `limit` if users have more than four sessions
     * each.
     */
    async recentlyActiveIds(limit: number, now: Date): Promise<string[]> {
      const people = await db.query<{ id: string }>(sql`select id from (
          (select user_id as id, last_seen_at as at from sessions
            where revoked_at is null and expires_at > ${now} order by last_seen_at desc limit ${4 * limit})
          union all
          (select id, identity_synced_at from users
            where identity_synced_at is not null order by identity_synced_at desc limit ${limit})
        ) as seen group by id order by max(at) desc, id limit ${limit}`);
      return people.map(({ id }) => id);
    },

    /** Marks the onboarding of a member as completed. */
    async completeOnboarding(tenantId: string, userId: string): Promise<void> {
      await db.query(sql`update users u set onboarding_completed = true
        from memberships m where m.tenant_id = ${tenantId}::uuid and m.user_id = u.id
          and u.id = ${userId}::uuid and not u.onboarding_completed`);
    },

    /** Replaces the given fields of a member's profile and keeps the others. */
    async updateProfile(tenantId: string, userId: string, changes: ProfileChanges, now: Date): Promise<void> {
      const { firstName, lastName, ...stored } = changes;
      await db.prisma.$transaction(async (transaction) => {
        const [found] = await transaction.$queryRaw<{ profile: Prisma.JsonObject }[]>`
          select u.profile from users u
          join memberships m on m.tenant_id = ${tenantId}::uuid and m.user_id = u.id
          where u.id = ${userId}::uuid for update of u`;
        const profile: Prisma.InputJsonObject = JSON.parse(JSON.stringify({ ...found?.profile, ...stored }));
        await transaction.user.update({
          where: { id: userId },
          data: {
            ...(firstName === undefined ? {} : { firstName }),
            ...(lastName === undefined ? {} : { lastName }),
            profile,
            updatedAt: now,
          },
        });
      });
    },
  };
}

function userFrom({ firstName, lastName, updatedAt, profile, ...record }: UserRecord): User {
  const { provider, externalId, providerUpdatedAt, lastSyncedAt, ...user } = record;
  return {
    ...user,
    profile: {
      firstName,
      lastName,
      bio: profile.bio ?? null,
      avatarUrl: profile.avatarUrl ?? null,
      locale: profile.locale ?? null,
      timezone: profile.timezone ?? null,
      preferences: profile.preferences ?? {},
      updatedAt,
    },
    identity:
      provider === null || externalId === null
        ? null
        : { provider, externalId, providerUpdatedAt, lastSyncedAt },
  };
}
