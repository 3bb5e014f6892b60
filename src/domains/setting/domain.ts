import type { Domain } from '../../graphql/domain.ts';
import { createSettingLoaders, type SettingLoaders } from './loaders.ts';
import { createSettingQueries, type SettingQueries } from './queries.ts';
import { settingsId } from './model.ts';
import * as resolvers from './resolvers.ts';
import { createSettingService, type SettingService } from './service.ts';

/** Settings of the whole product. */
export const setting: Domain<'setting', SettingQueries, SettingLoaders, SettingService> = {
  resolvers,
  access: {
    Query: {
      settings: { who: 'anyone', scope: 'read', isPublic: true },
    },
    Mutation: {
      updateSettings: { who: 'platformAdmin', scope: 'admin' },
    },
  },
  node: {
    type: 'Settings',
    prefix: 'settings',
    isPublic: true,
    find: async (id, { loaders }) => (id === settingsId ? loaders.setting.current() : null),
  },
  queries: createSettingQueries,
  loaders: ({ queries, caches }) => createSettingLoaders(queries.setting, caches.settings),
  service: ({ queries, ...dependencies }) =>
    createSettingService({ ...dependencies, queries: queries.setting }),
};
