import { viewerOf } from '../../graphql/access.ts';
import { answering } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import type { RootFields, TypeFields } from '../../graphql/resolver-types-strict.ts';
import { mappedConnectionsOf } from '../../graphql/connection.ts';
import { findPresent } from '../../graphql/load-many.ts';

export const Mutation: RootFields<'Mutation', 'addParticipant' | 'removeParticipant'> = {
  addParticipant: answering(async ({ input }, context) => {
    const id = await context.services.participant.add(viewerOf(context), input);
    return { conversation: await context.loaders.conversation.byId.load(id) };
  }),
  removeParticipant: answering(async ({ input }, context) => {
    const id = await context.services.participant.remove(viewerOf(context), input);
    return { conversation: await context.loaders.conversation.byId.load(id) };
  }),
};

export const Conversation: TypeFields<'Conversation', 'participants'> = {
  participants: batched((conversations, args, { loaders }) =>
    mappedConnectionsOf(
      loaders.participant.byConversationId,
      conversations.map((conversation) => conversation.id),
      args,
      {
        toNodes: (participations) =>
          findPresent(
            (ids) => loaders.user.allById(ids),
            participations.map((participation) => participation.userId),
          ),
      },
    ),
  ),
};
