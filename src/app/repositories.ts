import { domains, type Queries } from '../graphql/domains.ts';
import type { Database } from '../platform/postgres/database.ts';

/** Creates the statements of each domain, over one database. */
export function createQueries(database: Database): Queries;
/** Implements the overload above, whose type cannot be derived from `Object.fromEntries`. */
export function createQueries(database: Database): object {
  return Object.fromEntries(
    Object.entries(domains).map(([name, domain]) => [name, domain.queries(database)]),
  );
}
