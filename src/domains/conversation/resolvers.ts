import { selectionOf, type Selection } from '../../execution/selection.ts';
import { mayUse, viewerOf } from '../../graphql/access.ts';
import type { RequestContext } from '../../graphql/context.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { nodeSelection, projectionFor, connectionsOf, firstOf } from '../../graphql/connection.ts';
import type { QueryConversationsArgs } from '../../graphql/generated/resolver-types.ts';
import { loadMany } from '../../graphql/load-many.ts';
import { isNone, storableText } from '../../platform/text.ts';
import { fromPublicId, toPublicId } from '../../platform/ids.ts';
import { lastMessageFields } from '../message/model.ts';
import { mayChange, type ConversationSummary } from './model.ts';
import type { ConversationListing } from './queries.ts';

/** The queries of conversations. */
export const Query: ResolversOf<'conversation', 'Query'> = {
  async conversation(_parent, args, { loaders }) {
    const id = fromPublicId('conv', args.id);
    return id === null ? null : loaders.conversation.byId.load(id);
  },
  async conversations(_parent, args, context, info) {
    const selection = selectionOf(info);
    const list = context.loaders.conversation.byTenantId(listingFrom(args, selection));
    return firstOf(await connectionsOf(list, [viewerOf(context).tenantId], args, { selection }));
  },
};

/** The mutations of conversations. */
export const Mutation: ResolversOf<'conversation', 'Mutation'> = {
  createConversation: withUserErrors(async ({ input }, context) => {
    const id = await context.services.conversation.create(viewerOf(context), input);
    return { conversation: await context.loaders.conversation.byId.load(id) };
  }),
  updateConversation: withUserErrors(async ({ input }, context) => {
    const id = await context.services.conversation.update(viewerOf(context), input);
    return { conversation: await context.loaders.conversation.byId.load(id) };
  }),
  deleteConversation: withUserErrors(async ({ input }, context) => {
    const id = await context.services.conversation.remove(viewerOf(context), input);
    const tenant = await context.loaders.tenant.byId.load(viewerOf(context).tenantId);
    return { deletedConversationId: toPublicId('conv', id), tenant };
  }),
};

/** The fields of `Conversation` that this domain resolves. */
export const Conversation: ResolversOf<'conversation', 'Conversation'> = {
  id: (conversation) => toPublicId('conv', conversation.id),
  isArchived: ({ archivedAt = null }) => archivedAt !== null,
  viewerCanSend: ({ archivedAt = null, isWritable = true }, _args, { viewer }) =>
    viewer !== null && mayUse(viewer, 'write') && archivedAt === null && isWritable,
  viewerCanChange,
  viewerCanInvite: viewerCanChange,
  owner: batched((conversations, _args, { loaders }) =>
    loadMany(
      (ids) => loaders.user.allById(ids),
      conversations.map((conversation) => conversation.ownerId),
    ),
  ),
  model: batched((conversations, _args, { loaders }) =>
    loaders.model.bySlugs(conversations.map((conversation) => conversation.modelSlug ?? null)),
  ),
};

/** Owners and admins manage a conversation and its participants, archived or not. */
function viewerCanChange(
  conversation: ConversationSummary,
  _args: unknown,
  { viewer }: RequestContext,
): boolean {
  return viewer !== null && mayUse(viewer, 'write') && mayChange(viewer, conversation);
}

/** The fields of `Tenant` that this domain resolves. */
export const Tenant: ResolversOf<'conversation', 'Tenant'> = {
  conversations: batched((tenants, args, { loaders }, selection) =>
    connectionsOf(
      loaders.conversation.byTenantId(listingFrom(args, selection)),
      tenants.map((tenant) => tenant.id),
      args,
      { selection },
    ),
  ),
};

/** The fields of `User` that this domain resolves. */
export const User: ResolversOf<'conversation', 'User'> = {
  conversations: batched((users, args, { loaders }, selection) =>
    connectionsOf(
      loaders.conversation.byUserId(listingFrom(args, selection)),
      users.map((user) => user.id),
      args,
      { selection },
    ),
  ),
};

const titlePartCharactersMax = 200;

/** The API fields for which the summary columns are enough. */
const summaryFields: ReadonlySet<string> = new Set([
  'id',
  'title',
  'owner',
  'messageCount',
  'updatedAt',
  'lastMessage',
  'messages',
  'participants',
  'viewerCanChange',
  'viewerCanInvite',
]);

/**
 * The filter, the order and the projection of a list of conversations.
 * @throws BadUserInput for a text that cannot be searched
 */
function listingFrom(
  args: Pick<QueryConversationsArgs, 'filter' | 'orderBy'>,
  selection: Selection | null,
): ConversationListing {
  const { ownerId, titleContains, ...filter } = args.filter ?? {};
  const selectionOfNode = nodeSelection(selection);
  const lastMessage = selectionOfNode?.below('lastMessage') ?? null;
  // Whether a message can be edited depends on whether its conversation is archived.
  const needsArchived = lastMessage?.below('viewerCanEdit') != null;
  return {
    filter: {
      ownerId: isNone(ownerId) ? null : (fromPublicId('user', ownerId) ?? undefined),
      visibility: filter.visibility ?? null,
      isArchived: filter.isArchived ?? null,
      titleContains: isNone(titleContains)
        ? null
        : storableText('filter.titleContains', titleContains, titlePartCharactersMax),
      updatedAfter: filter.updatedAfter ?? null,
      updatedBefore: filter.updatedBefore ?? null,
    },
    order: { field: args.orderBy?.field ?? 'UPDATED_AT', direction: args.orderBy?.direction ?? 'DESC' },
    projection: needsArchived ? 'full' : projectionFor(selectionOfNode, summaryFields),
    isWithLastMessage: lastMessage !== null && lastMessage.containsOnly(lastMessageFields),
  };
}
