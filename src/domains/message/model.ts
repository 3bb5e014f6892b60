import sql, { type Sql } from 'sql-template-tag';
import type { MessageRole, MessageStatus } from '../../platform/postgres/generated/enums.ts';
import { encodeCursor } from '../../paging/cursor.ts';
import type { LateralJoin } from '../../paging/paged-list.ts';
import type { Projection } from '../../platform/postgres/rows.ts';

/**
 * The fields of a message that most queries select; without its conversation, which usually is the parent.
 */
export interface UsualMessage {
  readonly id: string;
  /** The position in the conversation, counted from 1; the positions of deleted messages are not reused. */
  readonly position: number;
  readonly authorId: string | null;
  readonly role: MessageRole;
  readonly content: string;
  readonly createdAt: Date;
}

/** A message of a conversation. */
export interface Message extends UsualMessage {
  readonly tenantId: string;
  readonly conversationId: string;
  readonly status: MessageStatus;
  readonly modelSlug: string | null;
  readonly tokenCount: number | null;
  readonly metadata: Record<string, unknown>;
  readonly editedAt: Date | null;
  /** True if the conversation is archived; present if the field `viewerCanEdit` is selected. */
  readonly isArchived?: boolean;
}

/** The properties of a message that a language model or a bot has written. */
export type ModelOutput = Pick<Message, 'modelSlug' | 'status' | 'tokenCount'>;

/** A message without the columns that the request does not select. */
export type MessageSummary = UsualMessage & Partial<Message>;

/** The API fields for which the summary columns of a message are enough. */
export const messageSummaryFields: ReadonlySet<string> = new Set([
  'id',
  'author',
  'role',
  'content',
  'createdAt',
  'cursor',
  'viewerCanDelete',
]);

/** The API fields of `lastMessage` for which the summary and the row of the conversation are enough. */
export const lastMessageFields: ReadonlySet<string> = new Set([...messageSummaryFields, 'viewerCanEdit']);

/** The cursor shape of `Conversation.messages`, whose order is the position. */
const cursorShape = { ordering: 'message.position', types: ['integer'] } as const;

/** Returns the cursor of a message in `Conversation.messages`. */
export function messageCursor({ position }: Pick<UsualMessage, 'position'>): string {
  return encodeCursor(cursorShape, [position]);
}

/** The columns of messages that are read; `editable` adds whether the conversation is archived. */
export type MessageProjection = Projection | 'editable';

const summaryColumns = sql`m.id, m.position, m.author_id as "authorId", m.role, m.content, m.created_at as "createdAt"`;
/** All columns of table `m`. */
export const messageColumns = sql`${summaryColumns}, m.tenant_id as "tenantId", m.conversation_id as "conversationId", m.status,
  m.model_slug as "modelSlug", m.token_count as "tokenCount", m.metadata, m.edited_at as "editedAt"`;
const isArchived = sql`(select archived.archived_at is not null from conversations archived
    where archived.tenant_id = m.tenant_id and archived.id = m.conversation_id) as "isArchived"`;

/** The columns of table `m` by projection. */
export const messageProjections: Readonly<Record<MessageProjection, Sql>> = {
  summary: summaryColumns,
  full: messageColumns,
  editable: sql`${messageColumns}, ${isArchived}`,
};

/**
 * Adds `lastMessage` to each row of a page of conversations: the summary columns of the newest message, or
 * null for an empty conversation.
 */
export function includeNewestMessage(tenantId: string): LateralJoin {
  return {
    select: sql`newest.id as "lastMessage.id", newest.position as "lastMessage.position",
  newest.author_id as "lastMessage.authorId", newest.role as "lastMessage.role", newest.content as "lastMessage.content", newest.created_at as "lastMessage.createdAt"`,
    join: (conversation) => sql`left join lateral (
  select m.id, m.position, m.author_id, m.role, m.content, m.created_at from messages m
  where m.tenant_id = ${tenantId}::uuid and m.conversation_id = ${conversation}.id
  order by m.position desc limit 1
) newest on true`,
  };
}
