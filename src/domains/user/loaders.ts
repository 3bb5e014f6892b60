import DataLoader from 'dataloader';
import type { Cache } from '../../caching/cache.ts';
import { warm } from '../../caching/warm.ts';
import type { PeopleWarmer } from '../operations/model.ts';
import type { Viewer } from '../session/model.ts';
import { profileKey, type User } from './model.ts';
import type { UserQueries } from './queries.ts';

/** Loaders of users for a request, from the shared cache first. */
export interface UserLoaders {
  readonly byId: DataLoader<string, User | null>;
  /** Loads many users; synchronous if the cache has all of them. */
  allById(ids: readonly string[]): readonly (User | null)[] | Promise<readonly (User | null)[]>;
}

/** Creates the loaders of users for one request. */
export function createUserLoaders(queries: UserQueries, profiles: Cache<User>, viewer: Viewer): UserLoaders {
  const keyPrefix = profileKey(viewer.tenantId, '');

  async function loadMissing(keys: readonly string[]): Promise<ReadonlyMap<string, User>> {
    const users = await queries.byIds(
      viewer.tenantId,
      keys.map((key) => key.slice(keyPrefix.length)),
    );
    return new Map(users.map((user) => [keyPrefix + user.id, user]));
  }

  const byId = new DataLoader((ids: readonly string[]) =>
    profiles.getMany(
      ids.map((id) => keyPrefix + id),
      loadMissing,
    ),
  );
  return {
    byId,
    allById: (ids) =>
      profiles.peekMany(ids.map((id) => keyPrefix + id)) ?? Promise.all(ids.map((id) => byId.load(id))),
  };
}

/** Preloads users' profiles into the cache, for each tenant of which a user is an active member. */
export function createProfileWarmer(queries: UserQueries, profiles: Cache<User>): PeopleWarmer {
  return {
    cache: profiles.name,
    entriesMax: profiles.statistics().entriesMax,
    async warm(userIds, entriesMax) {
      const members = await queries.membersAmong(userIds, entriesMax);
      const memberByKey = new Map(
        members.map((member) => [profileKey(member.tenantId, member.userId), member]),
      );
      return warm(profiles, [...memberByKey.keys()], async (missing) => {
        const found = await queries.byMembers(missing.flatMap((key) => memberByKey.get(key) ?? []));
        return new Map(found.map(({ tenantId, user }) => [profileKey(tenantId, user.id), user]));
      });
    },
  };
}
