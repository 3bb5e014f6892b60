import DataLoader from 'dataloader';
import type { PagedList } from '../../platform/database/paging.ts';
import { byKeys } from '../../platform/database/rows.ts';
import type { Viewer } from '../session/model.ts';
import type { ApiKey } from './model.ts';
import type { ApiKeyQueries } from './queries.ts';

/** How a request finds keys. */
export interface ApiKeyLoaders {
  readonly byId: DataLoader<string, ApiKey | null>;
  /** By user. */
  byUserId(): PagedList<ApiKey>;
}

export function createApiKeyLoaders(queries: ApiKeyQueries, viewer: Viewer): ApiKeyLoaders {
  return {
    byId: new DataLoader(async (ids) => byKeys(ids, await queries.byIds(viewer, ids), (key) => key.id)),
    byUserId: () => queries.ofUsers(viewer),
  };
}
