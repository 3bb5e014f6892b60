import { z } from 'zod';
import type { Hint } from '../../live/hint.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { NotFound } from '../../platform/errors.ts';
import { fromPublicId, noId } from '../../platform/ids.ts';
import { parseInput, invalidInput } from '../../platform/input.ts';
import {
  mayChange,
  missingConversation,
  type ConversationForWriting,
  type FindForWriting,
} from '../conversation/model.ts';
import type { Viewer } from '../session/model.ts';
import type { Found, ParticipantQueries } from './queries.ts';

const inputSchema = z.object({ conversationId: z.string(), userId: z.string() });

/** The service for participants. */
export type ParticipantService = ReturnType<typeof createParticipantService>;

/**
 * Creates the service for participants; each method returns the conversation's UUID. Participants of archived
 * conversations can be changed too, because archived conversations can still be read.
 */
export function createParticipantService(options: {
  readonly queries: ParticipantQueries;
  readonly findForWriting: FindForWriting;
  readonly hint: Hint;
  readonly clock: Clock;
}) {
  const { queries, findForWriting, hint, clock } = options;

  async function find(viewer: Viewer, publicId: string): Promise<ConversationForWriting> {
    const id = fromPublicId('conv', publicId);
    const conversation = id === null ? null : await findForWriting(viewer, id);
    if (conversation === null) throw missingConversation();
    return conversation;
  }

  return {
    /** @throws InvalidInput unless the viewer may change the conversation and the user is an active member */
    async add(viewer: Viewer, input: unknown): Promise<string> {
      const { conversationId, userId } = parseInput(inputSchema, input);
      const conversation = await find(viewer, conversationId);
      if (!mayChange(viewer, conversation)) {
        throw invalidInput('FORBIDDEN', 'Only the owner and admins can add participants.', [
          'conversationId',
        ]);
      }
      const person = fromPublicId('user', userId) ?? noId;
      const now = new Date(clock.now());
      refuseUnlessFound(await queries.add(viewer.tenantId, conversation.id, person, now), 'active member');
      return conversation.id;
    },

    /** @throws InvalidInput for the owner, and unless the viewer leaves or may change the conversation */
    async remove(viewer: Viewer, input: unknown): Promise<string> {
      const { conversationId, userId } = parseInput(inputSchema, input);
      const conversation = await find(viewer, conversationId);
      const person = fromPublicId('user', userId) ?? noId;
      if (person !== viewer.userId && !mayChange(viewer, conversation)) {
        throw invalidInput('FORBIDDEN', 'Only the owner and admins can remove other participants.', [
          'conversationId',
        ]);
      }
      if (person === conversation.ownerId) {
        throw invalidInput('CONFLICT', 'The owner cannot leave the conversation.', ['userId'], {
          reason: 'OWNER_CANNOT_LEAVE',
        });
      }
      refuseUnlessFound(await queries.remove(viewer.tenantId, conversation.id, person), 'member');
      hint(conversation.id);
      return conversation.id;
    },
  };
}

function refuseUnlessFound({ isConversationFound, isMemberFound }: Found, person: string): void {
  if (!isConversationFound) throw missingConversation();
  if (!isMemberFound) throw new NotFound(person, ['input', 'userId']);
}
