import type { CacheDeclaration } from '../../caching/cache-declaration.ts';
import { tablesOfMembers } from '../user/model.ts';
import { tagsOfIdentity, type SessionIdentity } from './model.ts';

/** Sessions with their users, by the hash of the token. */
export const sessions: CacheDeclaration<SessionIdentity> = {
  name: 'SESSIONS',
  ttl: { variable: 'SESSIONS_CACHE_TTL', seconds: 900 },
  entriesMax: 10_000,
  decidesAccess: true,
  tagsOfValue: tagsOfIdentity,
  tables: {
    ...tablesOfMembers,
    sessions: {
      tag: 'session',
      idColumn: 'id',
      // No client knows a token before its session is committed.
      insertsCount: false,
      ignoredColumns: ['last_seen_at'],
    },
  },
};
