import type { Domain } from '../../graphql/domain.ts';
import { createSettingLoaders, type SettingLoaders } from './loaders.ts';
import { createSettingQueries, type SettingQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createSettingService, type SettingService } from './service.ts';

/** Settings of the whole product. */
export const setting: Domain<'setting', SettingQueries, SettingLoaders, SettingService> = {
  resolvers,
  access: {
    Query: {
      settings: { who: 'anyone', scope: 'read' },
    },
    Mutation: {
      updateSettings: { who: 'platformAdmin', scope: 'admin' },
    },
  },
  queries: createSettingQueries,
  loaders: ({ queries, caches }) => createSettingLoaders(queries.setting, caches.settings),
  service: ({ queries, ...dependencies }) =>
    createSettingService({ ...dependencies, queries: queries.setting }),
};
