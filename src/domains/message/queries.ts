import sql from 'sql-template-tag';
import type { Database } from '../../platform/database/database.ts';
import type { MessageRole } from '../../platform/database/generated/enums.ts';
import { pagedList, type Ordering, type PagedList } from '../../platform/database/paging.ts';
import { whereReadable } from '../conversation/model.ts';
import type { Viewer } from '../session/model.ts';
import type { Message } from './model.ts';

/** A message to be; its position comes from the conversation. */
export interface NewMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly authorId: string;
  readonly role: MessageRole;
  readonly content: string;
  readonly metadata: Record<string, unknown>;
  readonly createdAt: Date;
}

export type MessageQueries = ReturnType<typeof createMessageQueries>;

const columns = sql`m.tenant_id as "tenantId", m.id, m.conversation_id as "conversationId", m.position,
  m.author_id as "authorId", m.role, m.status, m.content, m.model_slug as "modelSlug", m.token_count as "tokenCount",
  m.metadata, m.created_at as "createdAt", m.edited_at as "editedAt"`;

const readableMessages = sql`messages m join conversations c on c.tenant_id = m.tenant_id and c.id = m.conversation_id`;

/** As it was said: clocks tie and run backwards, positions do neither. */
const asSaid: Ordering<Message> = {
  name: 'message.position',
  direction: 'asc',
  columns: [{ name: 'position', expression: sql`m.position`, type: 'integer' }],
};

const newestFirst: Ordering<Message> = {
  name: 'message.createdAt',
  direction: 'desc',
  columns: [
    { name: 'createdAt', expression: sql`m.created_at`, type: 'timestamptz' },
    { name: 'id', expression: sql`m.id`, type: 'uuid' },
  ],
};

export function createMessageQueries(db: Database) {
  return {
    /** Those in conversations that the viewer may read. */
    async byIds(viewer: Viewer, ids: readonly string[]): Promise<Message[]> {
      return db.query<Message>(sql`select ${columns} from ${readableMessages}
        where ${whereReadable(viewer)} and m.tenant_id = ${viewer.tenantId}::uuid and m.id = any(${ids}::uuid[])`);
    },

    /** The newest message of each conversation that has one. The conversations must be readable. */
    async lastByConversationIds(tenantId: string, conversationIds: readonly string[]): Promise<Message[]> {
      return db.query<Message>(sql`select last.* from unnest(${conversationIds}::uuid[]) as parent(id)
        cross join lateral (
          select ${columns} from messages m
          where m.tenant_id = ${tenantId}::uuid and m.conversation_id = parent.id
          order by m.position desc limit 1
        ) last`);
    },

    /** By conversation. The parents must be readable: they are asked for by their id alone. */
    inConversations(tenantId: string, role: MessageRole | null): PagedList<Message> {
      const ofRole = role === null ? sql`true` : sql`m.role = ${role}::message_role`;
      return pagedList(db, {
        select: columns,
        from: sql`messages m`,
        where: sql`m.tenant_id = ${tenantId}::uuid and m.conversation_id = parent.id and ${ofRole}`,
        ordering: asSaid,
      });
    },

    /** By author, as far as the viewer may read them. */
    byAuthors(viewer: Viewer): PagedList<Message> {
      return pagedList(db, {
        select: columns,
        from: readableMessages,
        where: sql`${whereReadable(viewer)} and m.tenant_id = ${viewer.tenantId}::uuid and m.author_id = parent.id`,
        ordering: newestFirst,
      });
    },

    /** Messages with these words, in the syntax of a web search, as far as the viewer may read them. */
    containing(viewer: Viewer, words: string, conversationId: string | null): PagedList<Message> {
      const inConversation =
        conversationId === null ? sql`true` : sql`m.conversation_id = ${conversationId}::uuid`;
      return pagedList(db, {
        select: columns,
        from: readableMessages,
        where: sql`${whereReadable(viewer)} and m.tenant_id = ${viewer.tenantId}::uuid
          and m.content_words @@ websearch_to_tsquery('english', ${searchableWords(words)}) and ${inConversation}`,
        ordering: newestFirst,
      });
    },

    /**
     * Stores a message behind the last one of its conversation, in one statement: the conversation's row lock makes positions
     * follow the order of commits, so that a reader who has paged to the end misses nothing. Null: the conversation is
     * archived or gone.
     */
    async append(tenantId: string, message: NewMessage): Promise<Message | null> {
      const [appended] = await db.query<Message>(sql`with grown as (
          update conversations set message_count = message_count + 1, last_position = last_position + 1,
            last_message_at = ${message.createdAt}, updated_at = greatest(updated_at, ${message.createdAt})
          where tenant_id = ${tenantId}::uuid and id = ${message.conversationId}::uuid and archived_at is null
          returning last_position
        )
        insert into messages as m (tenant_id, conversation_id, id, position, author_id, role, content, metadata, created_at)
        select ${tenantId}::uuid, ${message.conversationId}::uuid, ${message.id}::uuid, grown.last_position,
          ${message.authorId}::uuid, ${message.role}::message_role, ${message.content},
          ${JSON.stringify(message.metadata)}::jsonb, ${message.createdAt}
        from grown
        returning ${columns}`);
      return appended ?? null;
    },
  };
}

/** The same characters are blanks here as in the column content_words, save the dash that begins a word: that one says "without". */
function searchableWords(words: string): string {
  return words.replaceAll(/[/~@_]|(?<=[^\s"])-/g, ' ');
}
