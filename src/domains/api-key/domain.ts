import type { Domain } from '../../graphql/domain.ts';
import { loadByPublicId } from '../../graphql/load-many.ts';
import { createApiKeyLoaders, type ApiKeyLoaders } from './loaders.ts';
import { createApiKeyQueries, type ApiKeyQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createApiKeyService, type ApiKeyService } from './service.ts';

/** API keys, with which programs act on behalf of users. */
export const apiKey: Domain<'apiKey', ApiKeyQueries, ApiKeyLoaders, ApiKeyService> = {
  resolvers,
  access: {
    Mutation: {
      createApiKey: { who: 'signedIn', scope: 'write' },
      revokeApiKey: { who: 'signedIn', scope: 'write', auditsForbidden: true },
    },
  },
  node: {
    type: 'ApiKey',
    prefix: 'key',
    find: (id, { loaders }) => loadByPublicId(loaders.apiKey.byId, 'key', id),
  },
  queries: createApiKeyQueries,
  loaders: ({ database, viewer }) => createApiKeyLoaders(createApiKeyQueries(database), viewer),
  service: ({ queries, caches, lastSeen, ...dependencies }) =>
    createApiKeyService({
      ...dependencies,
      queries: queries.apiKey,
      apiKeys: caches.apiKeys,
      seen: lastSeen.apiKeys,
    }),
};
