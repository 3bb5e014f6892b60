import type { Domain } from '../../graphql/domain.ts';
import { loadByPublicId } from '../../graphql/load-many.ts';
import { createSessionLoaders, type SessionLoaders } from './loaders.ts';
import { createSessionQueries, type SessionQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createSessionService, type SessionService } from './service.ts';

/** Sessions and signing in with a password. */
export const session: Domain<'session', SessionQueries, SessionLoaders, SessionService> = {
  resolvers,
  access: {
    Mutation: {
      signIn: { who: 'anyone', scope: null, ignoresCredential: true },
      revokeSession: { who: 'signedIn', scope: 'write', auditsForbidden: true },
      signOut: { who: 'signedIn', scope: null },
      liftSignInLimit: { who: 'tenantAdmin', scope: 'admin', auditsForbidden: true },
    },
  },
  node: {
    type: 'Session',
    prefix: 'session',
    find: (id, { loaders }) => loadByPublicId(loaders.session.byId, 'session', id),
  },
  queries: createSessionQueries,
  loaders: ({ database, viewer }) => createSessionLoaders(createSessionQueries(database), viewer),
  service: ({ queries, caches, signIn, lastSeen, ...dependencies }) =>
    createSessionService({
      ...dependencies,
      ...signIn,
      queries: queries.session,
      sessions: caches.sessions,
      seen: lastSeen.sessions,
    }),
};
