import sql, { type Sql } from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { inList } from '../../platform/postgres/in-list.ts';
import type { MessageRole } from '../../platform/postgres/generated/enums.ts';
import { pagedList, type Ordering, type PagedList } from '../../paging/paged-list.ts';
import { inTransaction } from '../../platform/postgres/transaction.ts';
import { insertAudit, type AuditEntry } from '../audit/model.ts';
import { readableBranches, whereReadable, whereWritable } from '../conversation/model.ts';
import type { Viewer } from '../session/model.ts';
import {
  messageColumns,
  messageProjections,
  type Message,
  type MessageProjection,
  type MessageSummary,
  type ModelOutput,
} from './model.ts';

/** A message to insert; its position comes from the conversation. */
export interface NewMessage extends ModelOutput {
  readonly id: string;
  readonly conversationId: string;
  readonly authorId: string | null;
  readonly role: MessageRole;
  readonly content: string;
  readonly metadata: Record<string, unknown>;
  readonly createdAt: Date;
}

/** The idempotency key of a `sendMessage` request, by which retries send the message only once. */
export interface SendingKey {
  readonly userId: string;
  readonly key: string;
  /** SHA-256 of the message, by which a key that is used for another message is detected. */
  readonly requestHash: Buffer;
  readonly expiresAt: Date;
}

/** A message that was sent with an idempotency key before. */
export interface SentBefore {
  readonly requestHash: Buffer;
  readonly messageId: string;
}

/** The database queries of messages. */
export type MessageQueries = ReturnType<typeof createMessageQueries>;

const readableMessages = sql`messages m join conversations c on c.tenant_id = m.tenant_id and c.id = m.conversation_id`;

/** The traits of lists that include messages of all conversations. */
const anyConversation = { visibility: null, isNewestFirst: false };

/** The order by position: times may be equal or decrease, positions always increase. */
const asSaid: Ordering<MessageSummary> = {
  name: 'message.position',
  direction: 'asc',
  columns: [{ name: 'position', expression: sql`m.position`, type: 'integer' }],
};

const newestFirst: Ordering<MessageSummary> = {
  name: 'message.createdAt',
  direction: 'desc',
  columns: [
    { name: 'createdAt', expression: sql`m.created_at`, type: 'timestamptz' },
    { name: 'id', expression: sql`m.id`, type: 'uuid' },
  ],
};

/** Creates the database queries of messages. */
export function createMessageQueries(db: Database) {
  return {
    /** Finds the messages in conversations that the viewer may read. */
    async byIds(viewer: Viewer, ids: readonly string[]): Promise<Message[]> {
      return db.query<Message>(sql`select ${messageColumns}, c.archived_at is not null as "isArchived" from ${readableMessages}
        where ${whereReadable(viewer)} and m.tenant_id = ${viewer.tenantId}::uuid and ${inList(sql`m.id`, ids)}`);
    },

    /** Finds the newest message of each conversation; the caller checks that the viewer may read them. */
    async lastInConversations(
      tenantId: string,
      conversationIds: readonly string[],
      projection: MessageProjection,
    ): Promise<(MessageSummary & { readonly parentId: string })[]> {
      return db.query(sql`select parent.id as "parentId", last.* from unnest(${conversationIds}::uuid[]) as parent(id)
        cross join lateral (
          select ${messageProjections[projection]} from messages m
          where m.tenant_id = ${tenantId}::uuid and m.conversation_id = parent.id
          order by m.position desc limit 1
        ) last`);
    },

    /** Lists by conversation; the caller checks that the viewer may read the conversations. */
    inConversations(
      tenantId: string,
      role: MessageRole | null,
      projection: MessageProjection,
    ): PagedList<MessageSummary> {
      const ofRole = role === null ? sql`` : sql` and m.role = ${role}::message_role`;
      return pagedList(db, {
        select: messageProjections[projection],
        from: sql`messages m`,
        where: (conversation) =>
          sql`m.tenant_id = ${tenantId}::uuid and m.conversation_id = ${conversation}${ofRole}`,
        ordering: asSaid,
      });
    },

    /** Lists the messages of an author that the viewer may read. */
    byAuthors(viewer: Viewer, projection: MessageProjection): PagedList<MessageSummary> {
      return pagedList(db, {
        select: messageProjections[projection],
        from: readableMessages,
        where: (author) => sql`m.tenant_id = ${viewer.tenantId}::uuid and m.author_id = ${author}`,
        unionBranches: () => readableBranches(viewer, anyConversation),
        ordering: newestFirst,
      });
    },

    /** Returns false for a search that only excludes words: it would read every message. */
    async saysWhatToFind(words: string): Promise<boolean> {
      if (!words.includes('-')) return true;
      // Only PostgreSQL knows its stop words, with which a search may consist of exclusions alone.
      const [found] = await db.query<{ tree: string }>(
        sql`select querytree(websearch_to_tsquery('english', ${searchableWords(words)})) as tree`,
      );
      return found?.tree !== 'T';
    },

    /** Lists the messages that match words in the syntax of a web search and that the viewer may read. */
    containing(
      viewer: Viewer,
      words: string,
      conversationId: string | null,
      projection: MessageProjection,
    ): PagedList<MessageSummary> {
      const inConversation =
        conversationId === null ? sql`true` : sql`m.conversation_id = ${conversationId}::uuid`;
      return pagedList(db, {
        select: messageProjections[projection],
        from: readableMessages,
        where: () => sql`m.tenant_id = ${viewer.tenantId}::uuid
          and m.content_words @@ websearch_to_tsquery('english', ${searchableWords(words)}) and ${inConversation}`,
        unionBranches: () => readableBranches(viewer, anyConversation),
        usesCustomPlan: true,
        ordering: newestFirst,
      });
    },

    /** Inserts a message at the end of a writable conversation; null if there is none or the key was used. */
    async append(viewer: Viewer, message: NewMessage, key: SendingKey | null): Promise<Message | null> {
      // The lock on the conversation's row makes positions follow the order of commits, so that a client that
      // has paged to the end misses no message.
      const { tenantId } = viewer;
      const { conversationId, createdAt } = message;
      const writable = sql`${whereWritable(viewer)} and c.id = ${conversationId}::uuid`;
      const [appended] =
        await db.query<Message>(sql`with ${key === null ? sql`` : claim(tenantId, message, key, writable)}
        grown as (
          update conversations c set message_count = message_count + 1, last_position = last_position + 1,
            last_message_at = ${createdAt}, updated_at = greatest(updated_at, ${createdAt})
          where ${writable}${key === null ? sql`` : sql` and exists (select from claimed)`}
          returning last_position
        )
        insert into messages as m (tenant_id, conversation_id, id, position, author_id, role, content, metadata, created_at,
          model_slug, status, token_count)
        select ${tenantId}::uuid, ${conversationId}::uuid, ${message.id}::uuid, grown.last_position,
          ${message.authorId}::uuid, ${message.role}::message_role, ${message.content},
          ${JSON.stringify(message.metadata)}::jsonb, ${createdAt},
          ${message.modelSlug}::text, ${message.status}::message_status, ${message.tokenCount}::integer
        from grown
        returning ${messageColumns}`);
      return appended ?? null;
    },

    /** Finds the message that a user sent with an idempotency key, until the key expires. */
    async sentBefore(tenantId: string, userId: string, key: string, now: Date): Promise<SentBefore | null> {
      const [found] = await db.query<SentBefore>(sql`select request_hash as "requestHash",
          response ->> 'messageId' as "messageId"
        from idempotency_keys
        where tenant_id = ${tenantId}::uuid and user_id = ${userId}::uuid and key = ${key} and expires_at > ${now}`);
      return found ?? null;
    },

    /** Replaces the content of a message; null if it has been deleted or its conversation is archived. */
    async edit(tenantId: string, message: Message, content: string, now: Date): Promise<Message | null> {
      const [edited] = await db.query<Message>(sql`with touched as (
          update conversations set updated_at = greatest(updated_at, ${now})
          where tenant_id = ${tenantId}::uuid and id = ${message.conversationId}::uuid and archived_at is null
          returning id
        )
        update messages m set content = ${content}, edited_at = ${now} from touched
        where m.tenant_id = ${tenantId}::uuid and m.id = ${message.id}::uuid
        returning ${messageColumns}`);
      return edited ?? null;
    },

    /** Deletes a message and writes the audit entry, if any; returns false if there is no such message. */
    async remove(
      tenantId: string,
      { id, conversationId }: Message,
      now: Date,
      entry: AuditEntry | null,
    ): Promise<boolean> {
      const ofTenant = sql`tenant_id = ${tenantId}::uuid`;
      return inTransaction(db.pool, async (client) => {
        // A statement of its own takes the lock: only the next statement sees all messages committed before
        // it.
        await client.query(sql`select from conversations
          where ${ofTenant} and id = ${conversationId}::uuid for no key update`);
        const { rowCount } = await client.query(sql`with changed as (
            delete from messages where ${ofTenant} and id = ${id}::uuid returning tenant_id, conversation_id, id
          )${entry === null ? sql`` : sql`, noted as (${insertAudit(entry, sql`changed`)})`}
          update conversations c set message_count = message_count - 1, updated_at = greatest(updated_at, ${now}),
            last_message_at = (select created_at from messages m
              where m.tenant_id = c.tenant_id and m.conversation_id = c.id and m.id <> ${id}::uuid
              order by m.position desc limit 1)
          from changed where c.tenant_id = changed.tenant_id and c.id = changed.conversation_id`);
        return rowCount === 1;
      });
    },
  };
}

/**
 * Claims an idempotency key under the lock of the conversation: a concurrent request with the same key waits
 * for the lock and then finds the key in use. An expired key can be claimed again.
 */
function claim(tenantId: string, message: NewMessage, key: SendingKey, writable: Sql): Sql {
  return sql`writable as (
      select c.id from conversations c where ${writable} for no key update
    ), claimed as (
      insert into idempotency_keys as k (tenant_id, user_id, key, request_hash, response, expires_at, created_at)
      select ${tenantId}::uuid, ${key.userId}::uuid, ${key.key}, ${key.requestHash}::bytea,
        ${JSON.stringify({ messageId: message.id })}::jsonb, ${key.expiresAt}::timestamptz, ${message.createdAt}::timestamptz
      from writable
      on conflict (tenant_id, user_id, key) do update set request_hash = excluded.request_hash,
        response = excluded.response, expires_at = excluded.expires_at, created_at = excluded.created_at
      where k.expires_at <= excluded.created_at
      returning k.key
    ),`;
}

/**
 * Blanks what the column `content_words` blanks, except for a dash before a word, which excludes the word.
 */
function searchableWords(words: string): string {
  return words.replaceAll(/[/~@_]|(?<=[^\s"])-/g, ' ');
}
