import type { MessageRole, MessageStatus } from '../../platform/database/generated/enums.ts';

/** What nearly everybody asks of a message. */
export interface UsualMessage {
  readonly id: string;
  readonly conversationId: string;
  /** Its place in the conversation. */
  readonly position: number;
  readonly authorId: string | null;
  readonly role: MessageRole;
  readonly content: string;
  readonly createdAt: Date;
}

/** Something said in a conversation. */
export interface Message extends UsualMessage {
  readonly tenantId: string;
  readonly status: MessageStatus;
  readonly modelSlug: string | null;
  readonly tokenCount: number | null;
  readonly metadata: Record<string, unknown>;
  readonly editedAt: Date | null;
}

/** A message, of which those columns may be missing that nobody will read. */
export type ReadMessage = UsualMessage & Partial<Message>;
