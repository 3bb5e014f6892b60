import type { Domain } from '../../graphql/domain.ts';
import { maySeePrivateFieldsOf } from '../../graphql/access.ts';
import { loadByPublicId } from '../../graphql/load-many.ts';
import { createIdentityQueries, type IdentityQueries } from './queries.ts';
import { identified } from './model.ts';
import * as resolvers from './resolvers.ts';
import { createIdentityService, type IdentityService } from './service.ts';

/** Users and tenants of the identity provider. */
export const identity: Domain<'identity', IdentityQueries, null, IdentityService> = {
  resolvers,
  access: {},
  node: {
    type: 'Identity',
    prefix: 'identity',
    async find(id, { loaders, viewer }) {
      const user = await loadByPublicId(loaders.user.byId, 'identity', id);
      return user !== null && maySeePrivateFieldsOf(user, viewer) ? identified(user) : null;
    },
  },
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
