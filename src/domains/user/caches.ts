import type { CacheDeclaration } from '../../caching/cache-declaration.ts';
import { tablesOfMembers, tagsOfProfileKey, type User } from './model.ts';

/** Users as their fellow members see them, by tenant and user. */
export const profiles: CacheDeclaration<User> = {
  name: 'PROFILES',
  ttl: { variable: 'USER_PROFILE_CACHE_TTL', seconds: 300 },
  entriesMax: 10_000,
  tagsOfKey: tagsOfProfileKey,
  tables: tablesOfMembers,
};
