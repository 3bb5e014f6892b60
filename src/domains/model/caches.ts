import type { CacheDeclaration } from '../../caching/cache-declaration.ts';
import type { Model } from './model.ts';

/** All models: one entry. */
export const models: CacheDeclaration<readonly Model[]> = {
  name: 'MODELS',
  ttl: { variable: 'MODELS_CACHE_TTL', seconds: 3600 },
  entriesMax: 2,
  tables: { models: 'all entries' },
};
