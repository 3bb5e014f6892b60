import type { Domain } from '../../graphql/domain.ts';
import { loadByPublicId } from '../../graphql/load-many.ts';
import { createUserLoaders, type UserLoaders } from './loaders.ts';
import { createUserQueries, type UserQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createUserService, type UserService } from './service.ts';

/** Users and their profiles. */
export const user: Domain<'user', UserQueries, UserLoaders, UserService> = {
  resolvers,
  access: {
    Query: {
      viewer: { who: 'anyone', scope: 'read' },
      user: { who: 'signedIn', scope: 'read' },
    },
    Mutation: {
      completeOnboarding: { who: 'signedIn', scope: 'write' },
      updateProfile: { who: 'signedIn', scope: 'write' },
    },
  },
  node: [
    {
      type: 'User',
      prefix: 'user',
      find: (id, { loaders }) => loadByPublicId(loaders.user.byId, 'user', id),
    },
    {
      type: 'Profile',
      prefix: 'profile',
      find: (id, { loaders }) => loadByPublicId(loaders.user.byId, 'profile', id),
    },
  ],
  queries: createUserQueries,
  loaders: ({ queries, caches, viewer }) => createUserLoaders(queries.user, caches.profiles, viewer),
  service: ({ queries, ...dependencies }) => createUserService({ ...dependencies, queries: queries.user }),
};
