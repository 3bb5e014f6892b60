import type { Domain } from '../../graphql/domain.ts';
import { createAdministrationQueries, type AdministrationQueries } from './queries.ts';
import { createAdministrationLoaders, type AdministrationLoaders } from './loaders.ts';
import * as resolvers from './resolvers.ts';
import { createAdministrationService, type AdministrationService } from './service.ts';

const forPlatformAdmins = { who: 'platformAdmin', scope: 'admin' } as const;

/** Tenants and accounts of the whole platform. */
export const administration: Domain<
  'administration',
  AdministrationQueries,
  AdministrationLoaders,
  AdministrationService
> = {
  resolvers,
  access: {
    Query: { accounts: forPlatformAdmins },
    Mutation: {
      createTenant: forPlatformAdmins,
      renameTenant: forPlatformAdmins,
      deleteTenant: forPlatformAdmins,
      createUser: forPlatformAdmins,
      setUserPassword: forPlatformAdmins,
      setUserActive: forPlatformAdmins,
    },
  },
  queries: createAdministrationQueries,
  loaders: ({ database }) => createAdministrationLoaders(createAdministrationQueries(database)),
  service: ({ queries, signIn, ...dependencies }) =>
    createAdministrationService({ ...dependencies, ...signIn, queries: queries.administration }),
};
