import type { CacheDeclaration } from '../../caching/cache-declaration.ts';
import { tablesOfMembers } from '../user/model.ts';
import { tagsOfPerson, type MirroredPerson } from './model.ts';

/** Users known to the identity provider, by the provider's ID. */
export const identities: CacheDeclaration<MirroredPerson> = {
  name: 'IDENTITIES',
  ttl: { variable: 'IDENTITIES_CACHE_TTL', seconds: 900 },
  version: 2,
  entriesMax: 10_000,
  decidesAccess: true,
  tagsOfValue: tagsOfPerson,
  tables: tablesOfMembers,
};
