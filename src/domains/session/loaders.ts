import DataLoader from 'dataloader';
import type { PagedList } from '../../platform/database/paging.ts';
import { byKeys } from '../../platform/database/rows.ts';
import type { Session, Viewer } from './model.ts';
import type { SessionQueries } from './queries.ts';

/** How a request finds sessions. */
export interface SessionLoaders {
  readonly byId: DataLoader<string, Session | null>;
  /** By user; all of them, or only those that are in force at a moment. */
  byUserId(activeAt: Date | null): PagedList<Session>;
}

export function createSessionLoaders(queries: SessionQueries, viewer: Viewer): SessionLoaders {
  return {
    byId: new DataLoader(async (ids) =>
      byKeys(ids, await queries.byIds(viewer, ids), (session) => session.id),
    ),
    byUserId: (activeAt) => queries.ofUsers(viewer, activeAt),
  };
}
