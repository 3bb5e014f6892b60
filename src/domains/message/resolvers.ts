import { selectionOf, type Selection } from '../../execution/selection.ts';
import { mayUse, viewerOf } from '../../graphql/access.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { nodeSelection, projectionFor, connectionOf, connectionsOf } from '../../graphql/connection.ts';
import { loadByPublicId, loadMany, loadManyOrThrow } from '../../graphql/load-many.ts';
import { listAround } from '../../paging/around-list.ts';
import { isNone, storableText } from '../../platform/text.ts';
import { BadUserInput } from '../../platform/errors.ts';
import { fromPublicId, noId, toPublicId } from '../../platform/ids.ts';
import type { ConversationSummary } from '../conversation/model.ts';
import { isTenantAdmin } from '../session/model.ts';
import {
  lastMessageFields,
  messageCursor,
  messageSummaryFields,
  type MessageProjection,
  type MessageSummary,
} from './model.ts';

const searchCharactersMax = 500;

/** The queries of messages. */
export const Query: ResolversOf<'message', 'Query'> = {
  async message(_parent, args, { loaders }) {
    const id = fromPublicId('msg', args.id);
    return id === null ? null : loaders.message.byId.load(id);
  },
  async searchMessages(_parent, args, { loaders }, info) {
    const words = storableText('query', args.query, searchCharactersMax);
    if (!(await loaders.message.saysWhatToFind(words))) {
      throw new BadUserInput(
        '`query` must say what to find, in each of its alternatives; only leaving out, as by `-word`, finds nearly every message.',
      );
    }
    const publicId = args.conversationId;
    const conversationId = isNone(publicId) ? null : (fromPublicId('conv', publicId) ?? noId);
    const selection = selectionOf(info);
    return connectionOf(
      loaders.message.containing(words, conversationId, projectionOfNodes(selection)),
      args,
      {
        selection,
      },
    );
  },
};

/** The mutations of messages. */
export const Mutation: ResolversOf<'message', 'Mutation'> = {
  sendMessage: withUserErrors(async ({ input }, context) => ({
    message: await context.services.message.send(viewerOf(context), input),
  })),
  editMessage: withUserErrors(async ({ input }, context) => ({
    message: await context.services.message.edit(viewerOf(context), input),
  })),
  deleteMessage: withUserErrors(async ({ input }, context) => {
    const { id, conversationId } = await context.services.message.remove(viewerOf(context), input);
    return {
      deletedMessageId: toPublicId('msg', id),
      conversation: await context.loaders.conversation.byId.load(conversationId),
    };
  }),
};

/** The fields of `Message` that this domain resolves. */
export const Message: ResolversOf<'message', 'Message'> = {
  id: (message) => toPublicId('msg', message.id),
  conversation: batched((messages, _args, { loaders }) =>
    loadManyOrThrow(
      loaders.conversation.ofMessage,
      messages.map((message) => message.conversationId ?? noId),
    ),
  ),
  cursor: messageCursor,
  viewerCanEdit: ({ authorId, isArchived = false }, _args, { viewer }) =>
    viewer !== null && mayUse(viewer, 'write') && authorId === viewer.userId && !isArchived,
  viewerCanDelete: ({ authorId }, _args, { viewer }) =>
    viewer !== null && mayUse(viewer, 'write') && (authorId === viewer.userId || isTenantAdmin(viewer)),
  author: batched((messages, _args, { loaders }) =>
    loadMany(
      (ids) => loaders.user.allById(ids),
      messages.map((message) => message.authorId),
    ),
  ),
  model: batched((messages, _args, { loaders }) =>
    loaders.model.bySlugs(messages.map((message) => message.modelSlug ?? null)),
  ),
};

/** The fields of `Conversation` that this domain resolves. */
export const Conversation: ResolversOf<'message', 'Conversation'> = {
  lastMessage: batched((conversations, _args, { loaders }, selection) => {
    const included =
      projectionFor(selection, lastMessageFields) === 'summary' ? readBeside(conversations) : null;
    if (included !== null) return included;
    const ids = conversations.map((conversation) => conversation.id);
    return loaders.message.lastInConversations(ids, projectionOf(selection));
  }),
  messages: batched(async (conversations, args, { loaders }, selection) => {
    const all = loaders.message.byConversationId(args.role ?? null, projectionOfNodes(selection));
    const ids = conversations.map((conversation) => conversation.id);
    const options = { selection, defaultFrom: 'end' } as const;
    if (isNone(args.around)) return connectionsOf(all, ids, args, options);
    if (!isNone(args.after) || !isNone(args.before)) {
      throw new BadUserInput('Provide `around`, or `after` and `before`, not both.');
    }
    const middle = await loadByPublicId(loaders.message.byId, 'msg', args.around);
    const anchors = new Map(middle === null ? [] : [[middle.conversationId, [middle.position] as const]]);
    return connectionsOf(listAround(all, anchors), ids, args, options);
  }),
};

/** The fields of `User` that this domain resolves. */
export const User: ResolversOf<'message', 'User'> = {
  messages: batched((users, args, { loaders }, selection) =>
    connectionsOf(
      loaders.message.byAuthorId(projectionOfNodes(selection)),
      users.map((user) => user.id),
      args,
      { selection },
    ),
  ),
};

function projectionOfNodes(selection: Selection | null): MessageProjection {
  return projectionOf(nodeSelection(selection));
}

function projectionOf(selection: Selection | null): MessageProjection {
  if (selection === null || selection.below('viewerCanEdit') !== null) return 'editable';
  return projectionFor(selection, messageSummaryFields);
}

/** The newest messages, if all of them were read with their conversations; else null. */
function readBeside(conversations: readonly ConversationSummary[]): (MessageSummary | null)[] | null {
  const messages = [];
  for (const { archivedAt, lastMessage } of conversations) {
    if (lastMessage === undefined) return null;
    // Without the column, the field that depends on it is not selected.
    const isArchived = archivedAt !== undefined && archivedAt !== null;
    messages.push(lastMessage !== null && isArchived ? { ...lastMessage, isArchived } : lastMessage);
  }
  return messages;
}
