import DataLoader from 'dataloader';
import type { Cache } from '../../caching/cache.ts';
import { warm } from '../../caching/warm.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { PeopleWarmer } from '../operations/model.ts';
import type { PagedList } from '../../paging/paged-list.ts';
import { byKeys } from '../../platform/postgres/rows.ts';
import type { Session, SessionIdentity, Viewer } from './model.ts';
import type { SessionQueries } from './queries.ts';

/** Loaders of sessions for a request. */
export interface SessionLoaders {
  readonly byId: DataLoader<string, Session | null>;
  /** Lists by user: all sessions, or those valid at a given time. */
  byUserId(activeAt: Date | null): PagedList<Session>;
}

/** Creates the loaders of sessions for one request. */
export function createSessionLoaders(queries: SessionQueries, viewer: Viewer): SessionLoaders {
  return {
    byId: new DataLoader(async (ids) =>
      byKeys(ids, await queries.byIds(viewer, ids), (session) => session.id),
    ),
    byUserId: (activeAt) => queries.ofUsers(viewer, activeAt),
  };
}

/** Preloads the identities behind users' newest sessions into the cache. */
export function createSessionWarmer(
  queries: SessionQueries,
  sessions: Cache<SessionIdentity>,
  clock: Clock,
): PeopleWarmer {
  return {
    cache: sessions.name,
    entriesMax: sessions.statistics().entriesMax,
    async warm(userIds, entriesMax) {
      const hashes = await queries.tokenHashesOf(userIds, entriesMax, new Date(clock.now()));
      return warm(sessions, hashes, (missing) => queries.identitiesByTokenHashes(missing));
    },
  };
}
