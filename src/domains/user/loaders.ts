import DataLoader from 'dataloader';
import type { Cache } from '../../platform/cache/cache.ts';
import type { Viewer } from '../session/model.ts';
import { profileKey, type User } from './model.ts';
import type { UserQueries } from './queries.ts';

/** How a request finds people: in the shared cache first. */
export interface UserLoaders {
  readonly byId: DataLoader<string, User | null>;
}

export function createUserLoaders(queries: UserQueries, profiles: Cache<User>, viewer: Viewer): UserLoaders {
  const keyPrefix = profileKey(viewer.tenantId, '');

  async function loadMissing(keys: readonly string[]): Promise<ReadonlyMap<string, User>> {
    const users = await queries.byIds(
      viewer.tenantId,
      keys.map((key) => key.slice(keyPrefix.length)),
    );
    return new Map(users.map((user) => [keyPrefix + user.id, user]));
  }

  return {
    byId: new DataLoader((ids) =>
      profiles.getMany(
        ids.map((id) => keyPrefix + id),
        loadMissing,
      ),
    ),
  };
}
