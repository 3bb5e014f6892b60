import type { CacheDeclaration } from '../../caching/cache-declaration.ts';
import { columnCatalogCache, type Column } from '../../platform/postgres/column-catalog.ts';

/** The columns of the database, by table. */
export const schema: CacheDeclaration<readonly Column[]> = {
  name: columnCatalogCache,
  // At least a second: the columns are also compared with the required ones this often.
  ttl: { variable: 'SCHEMA_CACHE_TTL', seconds: 3600, secondsMin: 1 },
  entriesMax: 100,
  // No request is answered while a column that isolates tenants is missing.
  decidesAccess: true,
  // PostgreSQL has no triggers on its catalog: migrations announce themselves, and an admin can invalidate
  // the cache.
  tables: {},
};
