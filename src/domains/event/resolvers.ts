import { viewerOf } from '../../graphql/access.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { toPublicId } from '../../platform/ids.ts';
import { encodeEventCursor } from './event-cursor.ts';

/** The subscriptions to events. */
export const Subscription: ResolversOf<'event', 'Subscription'> = {
  messageEvents: (args, context) => context.services.event.ofMessages(viewerOf(context), args),
};

/** The fields of `MessageEvent`. */
export const MessageEvent: ResolversOf<'event', 'MessageEvent'> = {
  cursor: (event) => encodeEventCursor(event),
  messageId: ({ messageUuid }) => (messageUuid === null ? null : toPublicId('msg', messageUuid)),
};

/** The fields of `Conversation` that this domain resolves. */
export const Conversation: ResolversOf<'event', 'Conversation'> = {
  // The row was read before the messages of the same request, so that no message lies between.
  eventCursor: ({ id, lastPosition = 0, lastChange = 0 }, _args, { clock }) =>
    encodeEventCursor({
      conversationId: id,
      place: { position: lastPosition, change: lastChange },
      readAt: clock.now(),
    }),
};
