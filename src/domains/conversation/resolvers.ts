import { viewerOf } from '../../graphql/access.ts';
import { answering } from '../../graphql/answering.ts';
import { batched } from '../../graphql/batched.ts';
import type { RootFields, TypeFields } from '../../graphql/complete.ts';
import { connectionsOf, firstOf } from '../../graphql/connection.ts';
import type { QueryConversationsArgs } from '../../graphql/generated/resolver-types.ts';
import { findAll } from '../../graphql/load-all.ts';
import { storableText } from '../../platform/database/text.ts';
import { fromPublicId, toPublicId } from '../../platform/ids.ts';
import type { ConversationFilter, ConversationOrder } from './queries.ts';

export const Query: RootFields<'Query', 'conversation' | 'conversations'> = {
  async conversation(_parent, args, { loaders }) {
    const id = fromPublicId('conv', args.id);
    return id === null ? null : loaders.conversation.byId.load(id);
  },
  conversations: async (_parent, args, context) =>
    firstOf(
      await connectionsOf(
        context.loaders.conversation.byTenantId(...conversationsFrom(args)),
        [viewerOf(context).tenantId],
        args,
      ),
    ),
};

export const Mutation: RootFields<
  'Mutation',
  'createConversation' | 'updateConversation' | 'deleteConversation'
> = {
  createConversation: answering(async ({ input }, context) => {
    const id = await context.services.conversation.create(viewerOf(context), input);
    return { conversation: await context.loaders.conversation.byId.load(id) };
  }),
  updateConversation: answering(async ({ input }, context) => {
    const id = await context.services.conversation.update(viewerOf(context), input);
    return { conversation: await context.loaders.conversation.byId.load(id) };
  }),
  deleteConversation: answering(async ({ input }, context) => {
    const id = await context.services.conversation.remove(viewerOf(context), input);
    return { deletedConversationId: toPublicId('conv', id) };
  }),
};

export const Conversation: TypeFields<'Conversation', 'id' | 'isArchived' | 'owner' | 'model'> = {
  id: (conversation) => toPublicId('conv', conversation.id),
  isArchived: (conversation) => conversation.archivedAt !== null,
  owner: batched((conversations, _args, { loaders }) =>
    findAll(
      (ids) => loaders.user.allById(ids),
      conversations.map((conversation) => conversation.ownerId),
    ),
  ),
  model: batched((conversations, _args, { loaders }) =>
    loaders.model.bySlugs(conversations.map((conversation) => conversation.modelSlug)),
  ),
};

export const Tenant: TypeFields<'Tenant', 'conversations'> = {
  conversations: batched((tenants, args, { loaders }) =>
    connectionsOf(
      loaders.conversation.byTenantId(...conversationsFrom(args)),
      tenants.map((tenant) => tenant.id),
      args,
    ),
  ),
};

export const User: TypeFields<'User', 'conversations'> = {
  conversations: batched((users, args, { loaders }) =>
    connectionsOf(
      loaders.conversation.byUserId(...conversationsFrom(args)),
      users.map((user) => user.id),
      args,
    ),
  ),
};

const titlePartCharactersMax = 200;

/**
 * Which conversations are asked for, in which order.
 * @throws BadUserInput for a text that cannot be searched
 */
function conversationsFrom(
  args: Pick<QueryConversationsArgs, 'filter' | 'orderBy'>,
): [ConversationFilter, ConversationOrder] {
  const { ownerId = null, titleContains = null, ...filter } = args.filter ?? {};
  return [
    {
      ownerId: ownerId === null ? null : (fromPublicId('user', ownerId) ?? undefined),
      visibility: filter.visibility ?? null,
      isArchived: filter.isArchived ?? null,
      titleContains:
        titleContains === null
          ? null
          : storableText('filter.titleContains', titleContains, titlePartCharactersMax),
      updatedAfter: filter.updatedAfter ?? null,
      updatedBefore: filter.updatedBefore ?? null,
    },
    { field: args.orderBy?.field ?? 'UPDATED_AT', direction: args.orderBy?.direction ?? 'DESC' },
  ];
}
