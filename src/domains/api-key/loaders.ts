import DataLoader from 'dataloader';
import type { Cache } from '../../caching/cache.ts';
import { warm } from '../../caching/warm.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { PeopleWarmer } from '../operations/model.ts';
import type { PagedList } from '../../paging/paged-list.ts';
import { byKeys } from '../../platform/postgres/rows.ts';
import type { Viewer } from '../session/model.ts';
import type { ApiKey, KeyIdentity } from './model.ts';
import type { ApiKeyQueries } from './queries.ts';

/** Loaders of API keys for a request. */
export interface ApiKeyLoaders {
  readonly byId: DataLoader<string, ApiKey | null>;
  /** Lists by user. */
  byUserId(): PagedList<ApiKey>;
}

/** Creates the loaders of API keys for a request. */
export function createApiKeyLoaders(queries: ApiKeyQueries, viewer: Viewer): ApiKeyLoaders {
  return {
    byId: new DataLoader(async (ids) => byKeys(ids, await queries.byIds(viewer, ids), (key) => key.id)),
    byUserId: () => queries.ofUsers(viewer),
  };
}

/** Loads the identities behind people's newest keys before their next request. */
export function createApiKeyWarmer(
  queries: ApiKeyQueries,
  apiKeys: Cache<KeyIdentity>,
  clock: Clock,
): PeopleWarmer {
  return {
    cache: apiKeys.name,
    entriesMax: apiKeys.statistics().entriesMax,
    async warm(userIds, entriesMax) {
      const hashes = await queries.keyHashesOf(userIds, entriesMax, new Date(clock.now()));
      return warm(apiKeys, hashes, (missing) => queries.identitiesByKeyHashes(missing));
    },
  };
}
