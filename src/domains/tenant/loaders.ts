import DataLoader from 'dataloader';
import { byKeys, groupsByKeys } from '../../platform/postgres/rows.ts';
import type { PagedList } from '../../paging/paged-list.ts';
import type { Viewer } from '../session/model.ts';
import type { Membership, OwnTenant, TenantUsage } from './model.ts';
import type { MemberFilter, TenantQueries } from './queries.ts';

/** Loaders of tenants and memberships for a request. */
export interface TenantLoaders {
  readonly byId: DataLoader<string, OwnTenant | null>;
  readonly membershipsByUserId: DataLoader<string, readonly Membership[]>;
  /** Lists by tenant. */
  members(filter: MemberFilter): PagedList<Membership>;
  /** Counts the usage of the viewer's tenant. */
  usage(now: Date): Promise<TenantUsage>;
}

/** Creates the loaders of tenants for one request. */
export function createTenantLoaders(queries: TenantQueries, viewer: Viewer): TenantLoaders {
  return {
    byId: new DataLoader(async (ids) => byKeys(ids, await queries.byIds(viewer, ids), (tenant) => tenant.id)),
    membershipsByUserId: new DataLoader(async (userIds) =>
      groupsByKeys(
        userIds,
        await queries.membershipsByUserIds(viewer, userIds),
        (membership) => membership.userId,
      ),
    ),
    members: (filter) => queries.members(viewer, filter),
    usage: (now) => queries.usage(viewer.tenantId, now),
  };
}
