import type { Domain } from '../../graphql/domain.ts';
import { createModelLoaders, type ModelLoaders } from './loaders.ts';
import { slugOf } from './model.ts';
import { createModelQueries, type ModelQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createModelService, type ModelService } from './service.ts';

/** Language models. */
export const model: Domain<'model', ModelQueries, ModelLoaders, ModelService> = {
  resolvers,
  access: {
    Query: {
      models: { who: 'anyone', scope: 'read', isPublic: true },
      model: { who: 'anyone', scope: 'read', isPublic: true },
    },
    Mutation: {
      upsertModel: { who: 'platformAdmin', scope: 'admin' },
      setModelEnabled: { who: 'platformAdmin', scope: 'admin' },
    },
  },
  costs: { Query: { models: { size: 20 } } },
  node: {
    type: 'Model',
    prefix: 'model',
    isPublic: true,
    async find(id, { loaders }) {
      const [found] = await loaders.model.bySlugs([slugOf(id)]);
      return found ?? null;
    },
  },
  queries: createModelQueries,
  loaders: ({ queries, caches }) => createModelLoaders(queries.model, caches.models),
  service: ({ queries, ...dependencies }) => createModelService({ ...dependencies, queries: queries.model }),
};
