import type { CacheDeclaration } from '../../caching/cache-declaration.ts';
import type { Settings } from './model.ts';

/** The settings: one entry. */
export const settings: CacheDeclaration<Settings> = {
  name: 'SETTINGS',
  ttl: { variable: 'SETTINGS_CACHE_TTL', seconds: 300 },
  entriesMax: 1,
  tables: { app_settings: 'all entries' },
};
