import type { Domain } from '../../graphql/domain.ts';
import { createAdministrationQueries, type AdministrationQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createAdministrationService, type AdministrationService } from './service.ts';

const forPlatformAdmins = { who: 'platformAdmin', scope: 'admin' } as const;

/** Tenants and accounts of the whole platform. */
export const administration: Domain<'administration', AdministrationQueries, null, AdministrationService> = {
  resolvers,
  access: {
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
  loaders: () => null,
  service: ({ queries, signIn, ...dependencies }) =>
    createAdministrationService({ ...dependencies, ...signIn, queries: queries.administration }),
};
