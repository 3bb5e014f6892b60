import type { Domain } from '../../graphql/domain.ts';
import { loadByPublicId } from '../../graphql/load-many.ts';
import { createTenantLoaders, type TenantLoaders } from './loaders.ts';
import { createTenantQueries, type TenantQueries } from './queries.ts';
import { partsOfMembershipId } from './model.ts';
import * as resolvers from './resolvers.ts';
import { createTenantService, type TenantService } from './service.ts';

/** Tenants and their members. */
export const tenant: Domain<'tenant', TenantQueries, TenantLoaders, TenantService> = {
  resolvers,
  access: {
    Query: {
      users: { who: 'tenantAdmin', scope: 'admin' },
      tenant: { who: 'anyone', scope: 'read' },
    },
    Mutation: {
      updateMembership: { who: 'tenantAdmin', scope: 'admin' },
    },
  },
  costs: {
    // Fuzzy search costs PostgreSQL more the larger the tenant is.
    Query: { users: { weight: 20, totalCount: 20 } },
    // Counts conversations, and a month of messages.
    Tenant: { usage: { weight: 20 } },
    // For users other than the viewer the list has the membership in this tenant alone.
    User: { memberships: { size: 2 } },
  },
  node: [
    {
      type: 'Tenant',
      prefix: 'tenant',
      find: (id, { loaders }) => loadByPublicId(loaders.tenant.byId, 'tenant', id),
    },
    {
      type: 'Membership',
      prefix: 'membership',
      async find(id, { loaders }) {
        const parts = partsOfMembershipId(id);
        const memberships = parts === null ? [] : await loaders.tenant.membershipsByUserId.load(parts.userId);
        return memberships.find(({ tenantId }) => tenantId === parts?.tenantId) ?? null;
      },
    },
  ],
  queries: createTenantQueries,
  loaders: ({ database, viewer }) => createTenantLoaders(createTenantQueries(database), viewer),
  service: ({ queries, ...dependencies }) =>
    createTenantService({ ...dependencies, queries: queries.tenant }),
};
