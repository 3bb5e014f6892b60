import type { Cache } from '../../caching/cache.ts';
import { warm } from '../../caching/warm.ts';
import type { PeopleWarmer } from '../operations/model.ts';
import type { MirroredPerson } from './model.ts';
import type { IdentityQueries } from './queries.ts';

/** Loads the people behind an identity provider's tokens before their next request. */
export function createIdentityWarmer(
  queries: IdentityQueries,
  identities: Cache<MirroredPerson>,
): PeopleWarmer {
  return {
    cache: identities.name,
    entriesMax: identities.statistics().entriesMax,
    async warm(userIds, entriesMax) {
      const subjects = await queries.subjectsOf(userIds, entriesMax);
      return warm(identities, subjects, (missing) => queries.peopleBySubjects(missing));
    },
  };
}
