import { viewerOf } from '../../graphql/access.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { mappedConnectionsOf } from '../../graphql/connection.ts';
import { loadManyOrThrow } from '../../graphql/load-many.ts';

/** The mutations of participants. */
export const Mutation: ResolversOf<'participant', 'Mutation'> = {
  addParticipant: withUserErrors(async ({ input }, context) => {
    const id = await context.services.participant.add(viewerOf(context), input);
    return { conversation: await context.loaders.conversation.byId.load(id) };
  }),
  removeParticipant: withUserErrors(async ({ input }, context) => {
    const id = await context.services.participant.remove(viewerOf(context), input);
    return { conversation: await context.loaders.conversation.byId.load(id) };
  }),
};

/** The fields of `Conversation` that this domain resolves. */
export const Conversation: ResolversOf<'participant', 'Conversation'> = {
  participants: batched((conversations, args, { loaders }) =>
    mappedConnectionsOf(
      loaders.participant.byConversationId,
      conversations.map((conversation) => conversation.id),
      args,
      {
        toNodes: (participations) =>
          loadManyOrThrow(
            (ids) => loaders.user.allById(ids),
            participations.map((participation) => participation.userId),
          ),
      },
    ),
  ),
};
