import type { Domain } from '../../graphql/domain.ts';
import { createAccountLoaders, type AccountLoaders } from './loaders.ts';
import { createAccountQueries, type AccountQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createAccountService, type AccountService } from './service.ts';

const withoutSigningIn = { who: 'anyone', scope: null, ignoresCredential: true } as const;

/** Accounts of people: invitations, signing up, passwords and verified addresses. */
export const account: Domain<'account', AccountQueries, AccountLoaders, AccountService> = {
  resolvers,
  access: {
    Query: {
      invitations: { who: 'tenantAdmin', scope: 'admin' },
      receivedInvitations: { who: 'signedIn', scope: 'read' },
    },
    Mutation: {
      inviteMember: { who: 'tenantAdmin', scope: 'admin' },
      revokeInvitation: { who: 'tenantAdmin', scope: 'admin' },
      acceptInvitation: { who: 'anyone', scope: 'write' },
      requestSignUp: withoutSigningIn,
      signUp: withoutSigningIn,
      changePassword: { who: 'signedIn', scope: 'write' },
      requestPasswordReset: withoutSigningIn,
      resetPassword: withoutSigningIn,
      requestEmailVerification: { who: 'signedIn', scope: 'write' },
      verifyEmail: withoutSigningIn,
    },
  },
  // Up to 100 rows.
  costs: { Query: { receivedInvitations: { size: 100 } } },
  queries: createAccountQueries,
  loaders: ({ database, viewer }) => createAccountLoaders(createAccountQueries(database), viewer),
  service: ({ queries, signIn, ...dependencies }) =>
    createAccountService({ ...dependencies, ...signIn, queries: queries.account }),
};
