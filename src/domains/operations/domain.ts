import type { Domain } from '../../graphql/domain.ts';
import { createOperationsQueries, type OperationsQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createOperationsService, type OperationsService } from './service.ts';

/** Caches, health and measurements of the process. */
export const operations: Domain<'operations', OperationsQueries, null, OperationsService> = {
  resolvers,
  access: {
    Mutation: {
      invalidateCache: { who: 'platformAdmin', scope: 'admin' },
      warmCaches: { who: 'platformAdmin', scope: 'admin' },
    },
  },
  costs: {
    // Runs another operation, and plans all of its statements once more.
    Operations: { explain: { weight: 100 } },
  },
  queries: createOperationsQueries,
  loaders: () => null,
  service: ({ queries, registry, ...dependencies }) =>
    createOperationsService({ ...dependencies, queries: queries.operations, caches: registry }),
};
