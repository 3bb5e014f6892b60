import { viewerOf } from '../../graphql/access.ts';
import { answering } from '../../graphql/answering.ts';
import { batched } from '../../graphql/batched.ts';
import type { CompleteType, RootFields, TypeFields } from '../../graphql/complete.ts';
import { connectionOf, connectionsOf } from '../../graphql/connection.ts';
import { findAll, loadAll, loadPresent } from '../../graphql/load-all.ts';
import { storableText } from '../../platform/database/text.ts';
import { BadUserInput } from '../../platform/errors.ts';
import { fromPublicId, noId, toPublicId } from '../../platform/ids.ts';

const searchCharactersMax = 500;

export const Query: RootFields<'Query', 'message' | 'searchMessages'> = {
  async message(_parent, args, { loaders }) {
    const id = fromPublicId('msg', args.id);
    return id === null ? null : loaders.message.byId.load(id);
  },
  async searchMessages(_parent, args, { loaders }) {
    const words = storableText('query', args.query, searchCharactersMax);
    if (!(await loaders.message.saysWhatToFind(words))) {
      throw new BadUserInput(
        '`query` must say what to find, in each of its alternatives; only leaving out, as by `-word`, finds nearly every message.',
      );
    }
    const publicId = args.conversationId ?? null;
    const conversationId = publicId === null ? null : (fromPublicId('conv', publicId) ?? noId);
    return connectionOf(loaders.message.containing(words, conversationId), args);
  },
};

export const Mutation: RootFields<'Mutation', 'sendMessage' | 'editMessage' | 'deleteMessage'> = {
  sendMessage: answering(async ({ input }, context) => ({
    message: await context.services.message.send(viewerOf(context), input),
  })),
  editMessage: answering(async ({ input }, context) => ({
    message: await context.services.message.edit(viewerOf(context), input),
  })),
  deleteMessage: answering(async ({ input }, context) => ({
    deletedMessageId: toPublicId('msg', await context.services.message.remove(viewerOf(context), input)),
  })),
};

export const Message: CompleteType<'Message'> = {
  id: (message) => toPublicId('msg', message.id),
  conversation: batched((messages, _args, { loaders }) =>
    loadPresent(
      loaders.conversation.ofMessage,
      messages.map((message) => message.conversationId),
    ),
  ),
  author: batched((messages, _args, { loaders }) =>
    findAll(
      (ids) => loaders.user.allById(ids),
      messages.map((message) => message.authorId),
    ),
  ),
  model: batched((messages, _args, { loaders }) =>
    loaders.model.bySlugs(messages.map((message) => message.modelSlug)),
  ),
};

export const Conversation: TypeFields<'Conversation', 'lastMessage' | 'messages'> = {
  lastMessage: batched((conversations, _args, { loaders }) =>
    loadAll(
      loaders.message.lastByConversationId,
      conversations.map((conversation) => conversation.id),
    ),
  ),
  messages: batched((conversations, args, { loaders }) =>
    connectionsOf(
      loaders.message.byConversationId(args.role ?? null),
      conversations.map((conversation) => conversation.id),
      args,
      { defaultFrom: 'end' },
    ),
  ),
};

export const User: TypeFields<'User', 'messages'> = {
  messages: batched((users, args, { loaders }) =>
    connectionsOf(
      loaders.message.byAuthorId,
      users.map((user) => user.id),
      args,
    ),
  ),
};
