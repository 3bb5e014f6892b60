import type { Domain } from '../../graphql/domain.ts';
import { createStatisticsLoaders, type StatisticsLoaders } from './loaders.ts';
import { createStatisticsQueries, type StatisticsQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createStatisticsService, type StatisticsService } from './service.ts';

/** Statistics of the database, and deletion of expired data. */
export const statistics: Domain<'statistics', StatisticsQueries, StatisticsLoaders, StatisticsService> = {
  resolvers,
  access: {
    Query: {
      operations: { who: 'platformAdmin', scope: 'admin' },
    },
    Mutation: {
      cleanupExpiredData: { who: 'platformAdmin', scope: 'admin' },
      refreshStatistics: { who: 'platformAdmin', scope: 'admin' },
    },
  },
  queries: createStatisticsQueries,
  loaders: ({ database, columnCatalog }) =>
    createStatisticsLoaders(createStatisticsQueries(database), columnCatalog),
  service: ({ queries, live, ...dependencies }) =>
    createStatisticsService({
      ...dependencies,
      queries: queries.statistics,
      changesKeptMs: live.retentionMs,
    }),
};
