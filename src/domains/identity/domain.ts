import type { Domain } from '../../graphql/domain.ts';
import { createIdentityQueries, type IdentityQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createIdentityService, type IdentityService } from './service.ts';

/** Users and tenants of the identity provider. */
export const identity: Domain<'identity', IdentityQueries, null, IdentityService> = {
  resolvers,
  access: {},
  queries: createIdentityQueries,
  loaders: () => null,
  service: ({ queries, caches, identityProvider, ...dependencies }) =>
    createIdentityService({
      ...dependencies,
      provider: identityProvider,
      queries: queries.identity,
      identities: caches.identities,
    }),
};
