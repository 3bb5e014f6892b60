import type { CacheDeclaration } from '../../caching/cache-declaration.ts';
import { tablesOfMembers } from '../user/model.ts';
import { tagsOfKeyIdentity, type KeyIdentity } from './model.ts';

/** API keys with their owners, by the hash of the secret. */
export const apiKeys: CacheDeclaration<KeyIdentity> = {
  name: 'API_KEYS',
  ttl: { variable: 'API_KEYS_CACHE_TTL', seconds: 900 },
  entriesMax: 10_000,
  decidesAccess: true,
  tagsOfValue: tagsOfKeyIdentity,
  tables: {
    ...tablesOfMembers,
    api_keys: {
      tag: 'api-key',
      idColumn: 'id',
      // A secret is unknown to everyone until its key is committed.
      insertsCount: false,
      ignoredColumns: ['last_used_at'],
    },
  },
};
