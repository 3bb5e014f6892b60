import type { PagedList } from '../../paging/paged-list.ts';
import type { Account } from './model.ts';
import type { AdministrationQueries } from './queries.ts';

/** Loaders of platform administration for a request. */
export interface AdministrationLoaders {
  /** Lists accounts, or those of the tenant with a slug. */
  accounts(tenantSlug: string | null): PagedList<Account>;
}

/** Creates the loaders of platform administration for one request. */
export function createAdministrationLoaders(queries: AdministrationQueries): AdministrationLoaders {
  return { accounts: (tenantSlug) => queries.accounts(tenantSlug) };
}
