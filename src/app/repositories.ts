import { domains, type Queries } from '../graphql/domains.ts';
import type { Database } from '../platform/postgres/database.ts';

/** The statements of each domain, over one database. */
export function createQueries(database: Database): Queries;
export function createQueries(database: Database): object {
  return Object.fromEntries(
    Object.entries(domains).map(([name, domain]) => [name, domain.queries(database)]),
  );
}
