import sql, { join, type Sql } from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { inList } from '../../platform/postgres/in-list.ts';
import type { Visibility } from '../../platform/postgres/generated/enums.ts';
import { pagedList, type Ordering, type PagedList } from '../../paging/paged-list.ts';
import type { Projection } from '../../platform/postgres/rows.ts';
import { containsPattern } from '../../platform/text.ts';
import { inTransaction } from '../../platform/postgres/transaction.ts';
import { includeNewestMessage } from '../message/model.ts';
import type { Viewer } from '../session/model.ts';
import { insertAudit, type AuditEntry } from '../audit/model.ts';
import {
  branchesOfPerson,
  isWritableColumn,
  readableBranches,
  whereReadable,
  type Conversation,
  type ConversationForWriting,
  type ConversationSummary,
} from './model.ts';

/** A filter of conversations; null disables a criterion. */
export interface ConversationFilter {
  /** Undefined if the filter's id is invalid and matches nothing. */
  readonly ownerId: string | null | undefined;
  readonly visibility: Visibility | null;
  readonly isArchived: boolean | null;
  readonly titleContains: string | null;
  readonly updatedAfter: Date | null;
  readonly updatedBefore: Date | null;
}

/** The order of a list of conversations; ties are broken by ID. */
export interface ConversationOrder {
  readonly field: 'UPDATED_AT' | 'CREATED_AT' | 'TITLE';
  readonly direction: 'ASC' | 'DESC';
}

/** A list of conversations: filter, order and columns. */
export interface ConversationListing {
  readonly filter: ConversationFilter;
  readonly order: ConversationOrder;
  readonly projection: Projection;
  /** True to read a summary of each conversation's newest message with it. */
  readonly isWithLastMessage: boolean;
}

/** A conversation to insert. */
export interface NewConversation {
  readonly id: string;
  readonly ownerId: string;
  readonly title: string;
  readonly visibility: Visibility;
  readonly modelSlug: string | null;
  readonly externalId: string | null;
  readonly participantIds: readonly string[];
  readonly createdAt: Date;
}

/** Changes; undefined leaves a value unchanged. */
export interface ConversationChanges {
  readonly title: string | undefined;
  readonly visibility: Visibility | undefined;
  readonly modelSlug: string | null | undefined;
  readonly archivedAt: Date | null | undefined;
}

/** The database queries of conversations. */
export type ConversationQueries = ReturnType<typeof createConversationQueries>;

const summaryColumns = sql`c.id, c.owner_id as "ownerId", c.title, c.message_count as "messageCount", c.updated_at as "updatedAt"`;
const columns = sql`${summaryColumns}, c.tenant_id as "tenantId", c.visibility, c.model_slug as "modelSlug",
  c.external_id as "externalId", c.created_at as "createdAt", c.archived_at as "archivedAt",
  c.last_position as "lastPosition", c.last_change as "lastChange"`;

const orderColumns = {
  UPDATED_AT: { name: 'updatedAt', expression: sql`c.updated_at`, type: 'timestamptz' },
  CREATED_AT: { name: 'createdAt', expression: sql`c.created_at`, type: 'timestamptz' },
  TITLE: { name: 'title', expression: sql`c.title`, type: 'text' },
} as const;

// One statement deletes this many messages well within its timeout.
const deletedAtOnce = 20_000;

/** Creates the database queries of conversations. */
export function createConversationQueries(db: Database) {
  return {
    /** Finds the conversations that the viewer may read. */
    async byIds(viewer: Viewer, ids: readonly string[]): Promise<Conversation[]> {
      return db.query<Conversation>(sql`select ${columnsFor(viewer)} from conversations c
        where ${whereReadable(viewer)} and ${inList(sql`c.id`, ids)}`);
    },

    /** Finds the conversations of messages by ID alone; the viewer's access was checked with the messages. */
    async ofMessages(viewer: Viewer, ids: readonly string[]): Promise<Conversation[]> {
      return db.query<Conversation>(sql`select ${columnsFor(viewer)} from conversations c
        where c.tenant_id = ${viewer.tenantId}::uuid and ${inList(sql`c.id`, ids)}`);
    },

    /** Finds a conversation that the viewer may read, with whether the viewer may write to it. */
    async forWriting(viewer: Viewer, id: string): Promise<ConversationForWriting | null> {
      const [found] = await db.query<ConversationForWriting>(sql`select ${columns}, ${takesPart(
        sql`${viewer.userId}::uuid`,
      )} as "takesPart"
        from conversations c where ${whereReadable(viewer)} and c.id = ${id}::uuid`);
      return found ?? null;
    },

    /** Lists by tenant; empty for any tenant but the viewer's. */
    ofTenants(viewer: Viewer, listing: ConversationListing): PagedList<ConversationSummary> {
      const { filter, order } = listing;
      return pagedList(db, {
        ...sharedBy(viewer, listing),
        where: (tenant) =>
          sql`c.tenant_id = ${viewer.tenantId}::uuid and c.tenant_id = ${tenant}${matching(filter)}`,
        unionBranches: () =>
          readableBranches(viewer, {
            visibility: filter.visibility,
            isNewestFirst: order.field === 'UPDATED_AT',
          }),
      });
    },

    /** Lists by user: the conversations that a user owns or participates in and that the viewer may read. */
    ofUsers(viewer: Viewer, listing: ConversationListing): PagedList<ConversationSummary> {
      const { filter, order } = listing;
      return pagedList(db, {
        ...sharedBy(viewer, listing),
        where: () => sql`${whereReadable(viewer)}${matching(filter)}`,
        unionBranches: (user) => branchesOfPerson(viewer.tenantId, user, order.field === 'UPDATED_AT'),
      });
    },

    /** Finds the users who are active members of the tenant, and so can participate. */
    async activeMembers(tenantId: string, userIds: readonly string[]): Promise<ReadonlySet<string>> {
      const rows = await db.query<{ id: string }>(sql`select m.user_id as id from memberships m
        where m.tenant_id = ${tenantId}::uuid and m.user_id = any(${userIds}::uuid[]) and m.is_active`);
      return new Set(rows.map((row) => row.id));
    },

    /** Inserts a conversation with its participants in one transaction. */
    async create(tenantId: string, { participantIds, ...conversation }: NewConversation): Promise<void> {
      const { createdAt } = conversation;
      const userIds = [...new Set([conversation.ownerId, ...participantIds])];
      await db.prisma.conversation.create({
        data: {
          tenantId,
          ...conversation,
          updatedAt: createdAt,
          participants: {
            createMany: { data: userIds.map((userId) => ({ userId, joinedAt: createdAt, createdAt })) },
          },
        },
      });
    },

    /** Updates the changed values; leaves `updatedAt` as it is if no value differs. */
    async update(tenantId: string, id: string, changes: ConversationChanges, now: Date): Promise<void> {
      const wanted = wantedColumns(changes);
      if (wanted.length === 0) return;
      await db.query(sql`update conversations c
        set ${join(wanted.map(([column, value]) => sql`${column} = ${value}`))}, updated_at = greatest(c.updated_at, ${now})
        where c.tenant_id = ${tenantId}::uuid and c.id = ${id}::uuid
          and (${join(wanted.map(([column]) => column))}) is distinct from (${join(wanted.map(([, value]) => value))})`);
    },

    /**
     * Deletes a conversation and its messages, in short statements; false if there is no such conversation.
     */
    async remove(tenantId: string, id: string, entry: AuditEntry | null): Promise<boolean> {
      return inTransaction(db.pool, async (client) => {
        const ofTenant = sql`tenant_id = ${tenantId}::uuid`;
        // The setting keeps the trigger of message_changes from recording each message.
        const { rows } = await client.query<{
          last: number;
        }>(sql`select last_position as last, set_config('parley.deleted_conversation', id::text, true)
          from conversations where ${ofTenant} and id = ${id}::uuid for update`);
        const last = rows[0]?.last ?? 0;
        for (let upTo = deletedAtOnce; upTo < last; upTo += deletedAtOnce) {
          await client.query(sql`delete from messages
            where ${ofTenant} and conversation_id = ${id}::uuid and position <= ${upTo}`);
        }
        const gone = sql`delete from conversations where ${ofTenant} and id = ${id}::uuid returning id`;
        if (entry !== null) {
          await client.query(sql`with changed as (${gone}) ${insertAudit(entry, sql`changed`)}`);
        } else {
          await client.query(gone);
        }
        return rows.length > 0;
      });
    },
  };
}

/** All columns, for admins with whether they may write. */
function columnsFor(viewer: Viewer): Sql {
  const isWritable = isWritableColumn(viewer);
  return isWritable === null ? columns : sql`${columns}, ${isWritable}`;
}

/** The columns that are to change, with their values. */
function wantedColumns({ title, visibility, modelSlug, archivedAt }: ConversationChanges): [Sql, Sql][] {
  const wanted: [Sql, Sql | null][] = [
    [sql`title`, title === undefined ? null : sql`${title}::text`],
    [sql`visibility`, visibility === undefined ? null : sql`${visibility}::visibility`],
    [sql`model_slug`, modelSlug === undefined ? null : sql`${modelSlug}::text`],
    [sql`archived_at`, archivedAt === undefined ? null : sql`${archivedAt}::timestamptz`],
  ];
  return wanted.flatMap(([column, value]): [Sql, Sql][] => (value === null ? [] : [[column, value]]));
}

function takesPart(userId: Sql): Sql {
  return sql`(c.owner_id = ${userId} or exists (select from participants p
    where p.tenant_id = c.tenant_id and p.conversation_id = c.id and p.user_id = ${userId}))`;
}

/** The conditions of a filter, each led by `and`. */
function matching(filter: ConversationFilter): Sql {
  const { isArchived, ownerId, titleContains, updatedAfter, updatedBefore, visibility } = filter;
  const conditions: Sql[] = [];
  if (ownerId !== null) conditions.push(sql`c.owner_id = ${ownerId ?? null}::uuid`);
  // A constant, because the partial index on shared conversations does not serve a parameter.
  if (visibility === 'TENANT') conditions.push(sql`c.visibility = 'TENANT'`);
  if (visibility === 'PRIVATE') conditions.push(sql`c.visibility <> 'TENANT'`);
  if (isArchived === true) conditions.push(sql`c.archived_at is not null`);
  if (isArchived === false) conditions.push(sql`c.archived_at is null`);
  if (titleContains !== null) conditions.push(sql`c.title ilike ${containsPattern(titleContains)}`);
  if (updatedAfter !== null) conditions.push(sql`c.updated_at > ${updatedAfter}`);
  if (updatedBefore !== null) conditions.push(sql`c.updated_at < ${updatedBefore}`);
  return conditions.length === 0 ? sql`` : sql` and ${join(conditions, ' and ')}`;
}

/** The properties of a list that do not depend on its parent. */
function sharedBy(viewer: Viewer, { filter, isWithLastMessage, order, projection }: ConversationListing) {
  const ordering: Ordering<ConversationSummary> = {
    name: `conversation.${order.field}.${order.direction}`,
    direction: order.direction === 'ASC' ? 'asc' : 'desc',
    columns: [orderColumns[order.field], { name: 'id', expression: sql`c.id`, type: 'uuid' }],
  };
  return {
    // A cursor contains the value that the list is ordered by.
    select: projection === 'full' || order.field === 'CREATED_AT' ? columnsFor(viewer) : summaryColumns,
    from: sql`conversations c`,
    ...(isWithLastMessage && { include: includeNewestMessage(viewer.tenantId) }),
    ordering,
    usesCustomPlan: filter.titleContains !== null,
  };
}
