import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { MessageRole } from '../../platform/database/generated/enums.ts';
import { NotFound, type InputRefused } from '../../platform/errors.ts';
import { createId, fromPublicId } from '../../platform/ids.ts';
import { jsonInput, parseInput, proseInput, refused } from '../../platform/input.ts';
import type { Conversation } from '../conversation/model.ts';
import { isTenantAdmin, type Viewer } from '../session/model.ts';
import type { Settings } from '../setting/model.ts';
import type { Message } from './model.ts';
import type { MessageQueries } from './queries.ts';

/** A conversation that the viewer may read, and whether they take part in it. */
type FindForWriting = (
  viewer: Viewer,
  conversationId: string,
) => Promise<(Conversation & { readonly takesPart: boolean }) | null>;

export type MessageService = ReturnType<typeof createMessageService>;

/** The rules of saying something. */
export function createMessageService(options: {
  readonly queries: MessageQueries;
  readonly findForWriting: FindForWriting;
  readonly currentSettings: () => Promise<Settings>;
  readonly clock: Clock;
}) {
  const { queries, findForWriting, currentSettings, clock } = options;

  return {
    /** @throws InputRefused for faults of the input, and where the viewer may not write */
    async send(viewer: Viewer, input: unknown): Promise<Message> {
      const { maxMessageLength } = await currentSettings();
      const { conversationId, ...message } = parseInput(sendSchema(maxMessageLength), input);
      if (message.role !== 'USER' && !isTenantAdmin(viewer)) {
        throw refused('FORBIDDEN', 'Only admins speak in another role than USER.', ['role']);
      }
      const id = fromPublicId('conv', conversationId);
      const conversation = id === null ? null : await findForWriting(viewer, id);
      refuseUnlessWritable(viewer, conversation);

      const sent = await queries.append(viewer.tenantId, {
        id: createId(),
        conversationId: conversation.id,
        authorId: viewer.userId,
        role: message.role,
        content: message.content,
        metadata: message.metadata ?? {},
        createdAt: new Date(clock.now()),
      });
      if (sent === null) throw archived();
      return sent;
    },
  };
}

function sendSchema(maxMessageLength: number) {
  return z.object({
    conversationId: z.string(),
    content: proseInput({ max: maxMessageLength }),
    role: z
      .enum(MessageRole)
      .nullish()
      .transform((role) => role ?? 'USER'),
    metadata: jsonInput.nullish(),
  });
}

/** Writing needs to take part or, where the whole tenant reads, to be more than a guest. */
function refuseUnlessWritable(
  viewer: Viewer,
  conversation: (Conversation & { readonly takesPart: boolean }) | null,
): asserts conversation is Conversation & { readonly takesPart: boolean } {
  if (conversation === null) throw new NotFound('conversation', ['input', 'conversationId']);
  const isOpen = conversation.visibility === 'TENANT' && viewer.role !== 'GUEST';
  if (!conversation.takesPart && !isOpen) {
    throw refused('FORBIDDEN', 'Only those who take part write to this conversation.', ['conversationId']);
  }
  if (conversation.archivedAt !== null) throw archived();
}

function archived(): InputRefused {
  return refused('CONFLICT', 'This conversation is archived.', ['conversationId']);
}
