import type { Domain } from '../../graphql/domain.ts';
import { loadByPublicId } from '../../graphql/load-many.ts';
import { createMessageLoaders, type MessageLoaders } from './loaders.ts';
import { createMessageQueries, type MessageQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createMessageService, type MessageService } from './service.ts';

/** Messages of conversations. */
export const message: Domain<'message', MessageQueries, MessageLoaders, MessageService> = {
  resolvers,
  access: {
    Query: {
      message: { who: 'signedIn', scope: 'read' },
      searchMessages: { who: 'signedIn', scope: 'read' },
    },
    Mutation: {
      sendMessage: { who: 'signedIn', scope: 'write' },
      editMessage: { who: 'signedIn', scope: 'write' },
      deleteMessage: { who: 'signedIn', scope: 'write', auditsForbidden: true },
    },
  },
  costs: {
    // Full-text search costs PostgreSQL more the larger the tenant is, and a count reads every match.
    Query: { searchMessages: { weight: 100, totalCount: 400 } },
  },
  node: {
    type: 'Message',
    prefix: 'msg',
    find: (id, { loaders }) => loadByPublicId(loaders.message.byId, 'msg', id),
  },
  queries: createMessageQueries,
  loaders: ({ database, viewer }) => createMessageLoaders(createMessageQueries(database), viewer),
  service: ({ queries, ...dependencies }) =>
    createMessageService({ ...dependencies, queries: queries.message }),
};
