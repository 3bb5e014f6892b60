import sql, { type Sql } from 'sql-template-tag';
import type { Visibility } from '../../platform/postgres/generated/enums.ts';
import type { UsualMessage } from '../message/model.ts';
import { NotFound } from '../../platform/errors.ts';
import { isTenantAdmin, type Viewer } from '../session/model.ts';

/** The fields of a conversation that most queries select. */
interface UsualConversation {
  readonly id: string;
  readonly ownerId: string | null;
  readonly title: string;
  readonly messageCount: number;
  readonly updatedAt: Date;
}

/** A conversation between users and language models. */
export interface Conversation extends UsualConversation {
  readonly tenantId: string;
  readonly visibility: Visibility;
  readonly modelSlug: string | null;
  readonly externalId: string | null;
  readonly createdAt: Date;
  readonly archivedAt: Date | null;
  /** The position of the newest message that was ever sent. */
  readonly lastPosition: number;
  /** The number of changes so far; see the table message_changes. */
  readonly lastChange: number;
  /**
   * For admins: true if the viewer may write to the conversation unless it is archived. Absent for others,
   * who may write to each conversation that they may read.
   */
  readonly isWritable?: boolean;
}

/** A conversation without the columns that the request does not select. */
export type ConversationSummary = UsualConversation &
  Partial<Conversation> & {
    /** The newest message, if the statement for the conversation read it too. */
    readonly lastMessage?: UsualMessage | null;
  };

/** A conversation that the viewer may read, and whether the viewer owns it or participates in it. */
export interface ConversationForWriting extends Conversation {
  readonly takesPart: boolean;
}

/** Finds a conversation that the viewer may read by its UUID; null if there is none. */
export type FindForWriting = (viewer: Viewer, id: string) => Promise<ConversationForWriting | null>;

/**
 * Returns the column `isWritable` of table `c` for admins, who read more conversations than they may write
 * to; null for others.
 */
export function isWritableColumn(viewer: Viewer): Sql | null {
  if (!isTenantAdmin(viewer)) return null;
  return sql`(c.visibility = 'TENANT' or c.owner_id = ${viewer.userId}::uuid or exists (select from participants own
    where own.tenant_id = c.tenant_id and own.conversation_id = c.id and own.user_id = ${viewer.userId}::uuid)) as "isWritable"`;
}

/** Returns whether a reader of the conversation may update it, delete it and manage its participants. */
export function mayChange(viewer: Viewer, conversation: Pick<Conversation, 'ownerId'>): boolean {
  return conversation.ownerId === viewer.userId || isTenantAdmin(viewer);
}

/**
 * The condition on table `c` for conversations that a user may read: admins read all of their tenant, members
 * read shared conversations and those they own or participate in, guests only those they participate in.
 */
export function whereReadable(viewer: Viewer): Sql {
  const ofTenant = sql`c.tenant_id = ${viewer.tenantId}::uuid`;
  const takesPart = sql`exists (select from participants own
    where own.tenant_id = c.tenant_id and own.conversation_id = c.id and own.user_id = ${viewer.userId}::uuid)`;
  switch (viewer.role) {
    case 'OWNER':
    case 'ADMIN':
      return ofTenant;
    case 'MEMBER':
      return sql`${ofTenant} and (c.visibility = 'TENANT' or c.owner_id = ${viewer.userId}::uuid or ${takesPart})`;
    case 'GUEST':
      return sql`${ofTenant} and ${takesPart}`;
  }
}

/**
 * The rule of `whereReadable` for a reader whose role and ID are columns, so that one statement can check
 * many readers of one tenant.
 */
export function whereReadableBy({ role, userId }: { readonly role: Sql; readonly userId: Sql }): Sql {
  return sql`(${role} in ('OWNER', 'ADMIN')
    or (${role} = 'MEMBER' and (c.visibility = 'TENANT' or c.owner_id = ${userId}))
    or exists (select from participants own
      where own.tenant_id = c.tenant_id and own.conversation_id = c.id and own.user_id = ${userId}))`;
}

/**
 * The condition on table `c` for conversations that a user may write to: those in which the user participates
 * and, except for guests, shared and owned ones. Excludes archived conversations; `mayWrite` is the same rule
 * in TypeScript.
 */
export function whereWritable({ role, tenantId, userId }: Viewer): Sql {
  const isJoined = sql`exists (select from participants own
    where own.tenant_id = c.tenant_id and own.conversation_id = c.id and own.user_id = ${userId}::uuid)`;
  const isAllowed =
    role === 'GUEST' ? isJoined : sql`c.visibility = 'TENANT' or c.owner_id = ${userId}::uuid or ${isJoined}`;
  return sql`c.tenant_id = ${tenantId}::uuid and c.archived_at is null and (${isAllowed})`;
}

/**
 * Returns whether a reader of the conversation may write to it unless it is archived; `whereWritable` is the
 * same rule in SQL.
 */
export function mayWrite({ role }: Viewer, { takesPart, visibility }: ConversationForWriting): boolean {
  return takesPart || (visibility === 'TENANT' && role !== 'GUEST');
}

/** The properties of a list that determine the index of each branch. */
export interface ListTraits {
  /** The only visibility that the list includes; null for any. */
  readonly visibility: Visibility | null;
  /** True for a list ordered by last change. */
  readonly isNewestFirst: boolean;
}

/**
 * The rule of `whereReadable` as disjoint conditions on table `c`, each with an index of its own. The cost of
 * a list then depends on the conversations that the viewer may read, not on the size of the tenant.
 */
export function readableBranches(
  { role, tenantId, userId }: Viewer,
  { visibility, isNewestFirst }: ListTraits,
): Sql[] {
  switch (role) {
    case 'OWNER':
    case 'ADMIN':
      return [];
    case 'MEMBER': {
      const shared = sql`c.visibility = 'TENANT'`;
      if (visibility === 'TENANT') return [shared];
      const [owned, joined] = branchesOfPerson(tenantId, sql`${userId}::uuid`, isNewestFirst);
      // Without the condition on visibility, PostgreSQL would scan all shared conversations for private ones.
      const own = [sql`c.visibility <> 'TENANT' and ${owned}`, sql`c.visibility <> 'TENANT' and ${joined}`];
      return visibility === 'PRIVATE' ? own : [shared, ...own];
    }
    case 'GUEST':
      return [isJoinedBy(tenantId, sql`${userId}::uuid`)];
  }
}

/**
 * Returns disjoint conditions on table `c`: conversations that a user owns, and others in which the user
 * participates.
 */
export function branchesOfPerson(tenantId: string, userId: Sql, isNewestFirst: boolean): [Sql, Sql] {
  return [
    isOwnedBy(tenantId, userId, isNewestFirst),
    sql`c.owner_id is distinct from ${userId} and ${isJoinedBy(tenantId, userId)}`,
  ];
}

/**
 * For newest first, the index provides the order; otherwise the owner's conversations are collected and
 * sorted.
 */
function isOwnedBy(tenantId: string, userId: Sql, isNewestFirst: boolean): Sql {
  if (isNewestFirst) return sql`c.owner_id = ${userId}`;
  return sql`c.id = any(array(select owned.id from conversations owned
    where owned.tenant_id = ${tenantId}::uuid and owned.owner_id = ${userId}))`;
}

// The planner assumes that an array is short. For a join it knows only the average per user, and would read
// the conversations of the whole tenant in order to find the few of this user.
function isJoinedBy(tenantId: string, userId: Sql): Sql {
  return sql`c.id = any(array(select own.conversation_id from participants own
    where own.tenant_id = ${tenantId}::uuid and own.user_id = ${userId}))`;
}

/**
 * The error of a mutation whose `conversationId` is not the ID of a conversation that the viewer may read.
 */
export function missingConversation(): NotFound {
  return new NotFound('conversation', ['input', 'conversationId']);
}
