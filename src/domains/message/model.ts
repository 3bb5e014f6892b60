import type { MessageRole, MessageStatus } from '../../platform/database/generated/enums.ts';

/** Something said in a conversation. */
export interface Message {
  readonly tenantId: string;
  readonly id: string;
  readonly conversationId: string;
  /** Its place in the conversation. */
  readonly position: number;
  readonly authorId: string | null;
  readonly role: MessageRole;
  readonly status: MessageStatus;
  readonly content: string;
  readonly modelSlug: string | null;
  readonly tokenCount: number | null;
  readonly metadata: Record<string, unknown>;
  readonly createdAt: Date;
  readonly editedAt: Date | null;
}
