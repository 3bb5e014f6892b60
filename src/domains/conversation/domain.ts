import type { Domain } from '../../graphql/domain.ts';
import { loadByPublicId } from '../../graphql/load-many.ts';
import { createConversationLoaders, type ConversationLoaders } from './loaders.ts';
import { createConversationQueries, type ConversationQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createConversationService, type ConversationService } from './service.ts';

/** Conversations between users and language models. */
export const conversation: Domain<
  'conversation',
  ConversationQueries,
  ConversationLoaders,
  ConversationService
> = {
  resolvers,
  access: {
    Query: {
      conversation: { who: 'signedIn', scope: 'read' },
      conversations: { who: 'signedIn', scope: 'read' },
    },
    Mutation: {
      createConversation: { who: 'signedIn', scope: 'write' },
      deleteConversation: { who: 'signedIn', scope: 'write', auditsForbidden: true },
      updateConversation: { who: 'signedIn', scope: 'write' },
    },
  },
  node: {
    type: 'Conversation',
    prefix: 'conv',
    find: (id, { loaders }) => loadByPublicId(loaders.conversation.byId, 'conv', id),
  },
  queries: createConversationQueries,
  loaders: ({ database, viewer }) => createConversationLoaders(createConversationQueries(database), viewer),
  service: ({ queries, ...dependencies }) =>
    createConversationService({ ...dependencies, queries: queries.conversation }),
};
