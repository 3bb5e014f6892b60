import sql from 'sql-template-tag';
import type { Database } from '../../platform/database/database.ts';
import type { Prisma } from '../../platform/database/generated/client.ts';
import type { Profile, User } from './model.ts';

/** What a profile's jsonb column holds; names and dates have columns of their own. */
type StoredProfile = Partial<Omit<Profile, 'firstName' | 'lastName' | 'updatedAt'>>;

/** What to change of a person; absent keys stay as they are. */
export type ProfileChanges = {
  readonly [Key in keyof Omit<Profile, 'updatedAt'>]?: Profile[Key] | undefined;
};

interface UserRecord extends Omit<User, 'profile' | 'identity'> {
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly updatedAt: Date;
  readonly profile: StoredProfile;
  readonly provider: string | null;
  readonly externalId: string | null;
  readonly providerUpdatedAt: Date | null;
  readonly lastSyncedAt: Date | null;
}

export type UserQueries = ReturnType<typeof createUserQueries>;

export function createUserQueries(db: Database) {
  return {
    /** People who are or were members of the tenant; others do not exist for it. */
    async byIds(tenantId: string, ids: readonly string[]): Promise<User[]> {
      const records = await db.query<UserRecord>(sql`select u.id, u.email, u.first_name as "firstName",
          u.last_name as "lastName", u.is_active as "isActive", u.is_platform_admin as "isPlatformAdmin",
          u.onboarding_completed as "onboardingCompleted", u.profile, u.last_login_at as "lastLoginAt",
          u.created_at as "createdAt", u.updated_at as "updatedAt", u.identity_provider as provider,
          u.external_id as "externalId", u.identity_updated_at as "providerUpdatedAt",
          u.identity_synced_at as "lastSyncedAt"
        from users u
        join memberships m on m.tenant_id = ${tenantId}::uuid and m.user_id = u.id
        where u.id = any(${ids}::uuid[])`);
      return records.map(userFrom);
    },

    async completeOnboarding(tenantId: string, userId: string): Promise<void> {
      await db.query(sql`update users u set onboarding_completed = true
        from memberships m where m.tenant_id = ${tenantId}::uuid and m.user_id = u.id
          and u.id = ${userId}::uuid and not u.onboarding_completed`);
    },

    /** Replaces what is given of a member's profile, and the rest of it stays. */
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
