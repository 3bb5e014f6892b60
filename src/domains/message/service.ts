import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Hint } from '../../live/hint.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { MessageRole } from '../../platform/postgres/generated/enums.ts';
import { NotFound, Unavailable, type InvalidInput } from '../../platform/errors.ts';
import { createId, fromPublicId } from '../../platform/ids.ts';
import { jsonInput, parseInput, proseInput, invalidInput } from '../../platform/input.ts';
import { auditEntry } from '../audit/model.ts';
import {
  mayWrite,
  missingConversation,
  type ConversationForWriting,
  type FindForWriting,
} from '../conversation/model.ts';
import { isTenantAdmin, type Viewer } from '../session/model.ts';
import type { Settings } from '../setting/model.ts';
import { isModelOutput, modelOutputFields, modelOutputFrom, type FindModels } from './model-output.ts';
import type { Message } from './model.ts';
import type { MessageQueries, SendingKey } from './queries.ts';

/** The lifetime of an idempotency key. */
const keyTtlMs = 24 * 60 * 60 * 1000;
const keyCharactersMax = 200;

const deleteSchema = z.object({ messageId: z.string() });

/** The service for messages. */
export type MessageService = ReturnType<typeof createMessageService>;

/** Creates the service for messages. */
export function createMessageService(options: {
  readonly queries: MessageQueries;
  readonly findForWriting: FindForWriting;
  readonly currentSettings: () => Promise<Settings>;
  readonly findModels: FindModels;
  readonly hint: Hint;
  readonly clock: Clock;
}) {
  const { queries, findForWriting, currentSettings, findModels, hint, clock } = options;
  let schemas = schemasFor(0);

  /**
   * The schemas for the current limit, kept until the limit changes: building them takes longer than a send.
   */
  async function currentSchemas(): Promise<ReturnType<typeof schemasFor>> {
    const { maxMessageLength } = await currentSettings();
    if (schemas.maxMessageLength !== maxMessageLength) schemas = schemasFor(maxMessageLength);
    return schemas;
  }

  async function findMessage(viewer: Viewer, publicId: string): Promise<Message> {
    const id = fromPublicId('msg', publicId);
    const [message] = id === null ? [] : await queries.byIds(viewer, [id]);
    if (message === undefined) throw missingMessage();
    return message;
  }

  /** The message that the viewer sent with this key before; null if there is none. */
  async function sentBefore(viewer: Viewer, key: SendingKey | null): Promise<Message | null> {
    if (key === null) return null;
    const sent = await queries.sentBefore(viewer.tenantId, viewer.userId, key.key, new Date(clock.now()));
    if (sent === null) return null;
    if (!key.requestHash.equals(sent.requestHash)) {
      throw invalidInput(
        'CONFLICT',
        'This key was already used for a different message.',
        ['idempotencyKey'],
        { reason: 'KEY_REUSED' },
      );
    }
    const [message] = await queries.byIds(viewer, [sent.messageId]);
    if (message !== undefined) return message;
    throw invalidInput('NOT_FOUND', 'The message sent with this key has been deleted.', ['idempotencyKey']);
  }

  return {
    /** @throws InvalidInput for invalid input, and if the viewer may not write to the conversation */
    async send(viewer: Viewer, input: unknown): Promise<Message> {
      const { sendSchema } = await currentSchemas();
      const { conversationId, idempotencyKey, ...message } = parseInput(sendSchema, input);
      if (message.role !== 'USER' && !isTenantAdmin(viewer)) {
        throw invalidInput('FORBIDDEN', 'Only admins can send messages in a role other than USER.', ['role']);
      }
      const id = fromPublicId('conv', conversationId);
      if (id === null) throw missingConversation();

      const now = clock.now();
      const sending = { conversationId: id, ...message, metadata: message.metadata ?? {} };
      const key = keyFrom(viewer, idempotencyKey, sending, now);
      const output = await modelOutputFrom(message.role, message, findModels);
      const authorId = isModelOutput(message.role) ? null : viewer.userId;
      const authored = { ...sending, ...output, id: createId(), authorId, createdAt: new Date(now) };
      const sent = await queries.append(viewer, authored, key);
      if (sent !== null) {
        hint(id);
        return sent;
      }
      const conversation = await findForWriting(viewer, id);
      refuseUnlessAllowed(viewer, conversation);
      const before = await sentBefore(viewer, key);
      if (before !== null) return before;
      if (conversation.archivedAt !== null) throw archived('conversationId');
      throw new Unavailable('The conversation was changed concurrently; try again.');
    },

    /** @throws InvalidInput for invalid input, for other users' messages, and in archived conversations */
    async edit(viewer: Viewer, input: unknown): Promise<Message> {
      const { editSchema } = await currentSchemas();
      const { messageId, content } = parseInput(editSchema, input);
      const message = await findMessage(viewer, messageId);
      if (message.authorId !== viewer.userId) {
        throw invalidInput('FORBIDDEN', 'Only the author can edit a message.', ['messageId'], {
          reason: 'NOT_THE_AUTHOR',
        });
      }
      const conversation = await findForWriting(viewer, message.conversationId);
      if (conversation === null) throw missingMessage();
      if (conversation.archivedAt !== null) throw archived('messageId');
      if (message.content === content) return message;
      const edited = await queries.edit(viewer.tenantId, message, content, new Date(clock.now()));
      if (edited !== null) {
        hint(edited.conversationId);
        return edited;
      }
      // Between the two statements the message was deleted or the conversation was archived.
      await findMessage(viewer, messageId);
      throw archived('messageId');
    },

    /**
     * Returns the deleted message. @throws InvalidInput unless the viewer is its author or an admin of the
     * tenant
     */
    async remove(viewer: Viewer, input: unknown): Promise<Message> {
      const { messageId } = parseInput(deleteSchema, input);
      const message = await findMessage(viewer, messageId);
      const isOwn = message.authorId === viewer.userId;
      if (!isOwn && !isTenantAdmin(viewer)) {
        throw invalidInput('FORBIDDEN', 'Only the author and admins can delete a message.', ['messageId'], {
          reason: 'NOT_THE_AUTHOR',
        });
      }
      const now = new Date(clock.now());
      const note = { action: 'deleteMessage', target: messageId };
      const entry = isOwn ? null : auditEntry(viewer, note, now);
      if (!(await queries.remove(viewer.tenantId, message, now, entry))) throw missingMessage();
      hint(message.conversationId);
      return message;
    },
  };
}

function schemasFor(maxMessageLength: number) {
  const content = proseInput({ max: maxMessageLength });
  const sendSchema = z.object({
    conversationId: z.string(),
    content,
    role: z
      .enum(MessageRole)
      .nullish()
      .transform((role) => role ?? 'USER'),
    metadata: jsonInput.nullish(),
    ...modelOutputFields,
    idempotencyKey: proseInput({ max: keyCharactersMax }).nullish(),
  });
  return { maxMessageLength, sendSchema, editSchema: z.object({ messageId: z.string(), content }) };
}

/** @throws NotFound and InvalidInput unless the viewer may write to the conversation, archived or not */
function refuseUnlessAllowed(
  viewer: Viewer,
  conversation: ConversationForWriting | null,
): asserts conversation is ConversationForWriting {
  if (conversation === null) throw missingConversation();
  if (!mayWrite(viewer, conversation)) {
    throw invalidInput('FORBIDDEN', 'Only participants can write to this conversation.', ['conversationId'], {
      reason: 'NOT_A_PARTICIPANT',
    });
  }
}

function keyFrom(
  viewer: Viewer,
  key: string | null | undefined,
  sending: object,
  now: number,
): SendingKey | null {
  if (key === null || key === undefined) return null;
  const requestHash = createHash('sha256').update(sortedJson(sending)).digest();
  return { userId: viewer.userId, key, requestHash, expiresAt: new Date(now + keyTtlMs) };
}

/** Serializes a value with sorted keys, so that equal values have equal texts. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function archived(field: string): InvalidInput {
  return invalidInput('CONFLICT', 'This conversation is archived.', [field], { reason: 'ARCHIVED' });
}

function missingMessage(): NotFound {
  return new NotFound('message', ['input', 'messageId']);
}
