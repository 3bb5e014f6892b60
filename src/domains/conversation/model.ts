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

/** People and models talking. */
export interface Conversation extends UsualConversation {
  readonly tenantId: string;
  readonly visibility: Visibility;
  readonly modelSlug: string | null;
  readonly externalId: string | null;
  readonly createdAt: Date;
  readonly archivedAt: Date | null;
}

/** A conversation, of which those columns may be missing that nobody will read. */
export type ConversationSummary = UsualConversation &
  Partial<Conversation> & {
    /** Present if it was read with the conversation. */
    readonly lastMessage?: UsualMessage | null;
  };

/** A conversation that somebody may read, and whether they take part in it, by owning it or otherwise. */
export interface ConversationForWriting extends Conversation {
  readonly takesPart: boolean;
}

/** Finds one that the viewer may read; null when there is none of that UUID. */
export type FindForWriting = (viewer: Viewer, id: string) => Promise<ConversationForWriting | null>;

/** Returns whether a reader of the conversation may update it, delete it and manage its participants. */
export function mayChange(viewer: Viewer, conversation: Conversation): boolean {
  return conversation.ownerId === viewer.userId || isTenantAdmin(viewer);
}

/**
 * The conversations of table `c` that a person may read. Admins of the tenant: all of it. Members: what the tenant shares,
 * what they own and what they take part in. Guests: only what they take part in.
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
 * The conversations of table `c` that a person may write to, as `whereReadable` and `mayWrite` have it: open ones that they take part
 * in and, for more than a guest, those that they own or the whole tenant reads.
 */
export function whereWritable({ role, tenantId, userId }: Viewer): Sql {
  const isJoined = sql`exists (select from participants own
    where own.tenant_id = c.tenant_id and own.conversation_id = c.id and own.user_id = ${userId}::uuid)`;
  const isAllowed =
    role === 'GUEST' ? isJoined : sql`c.visibility = 'TENANT' or c.owner_id = ${userId}::uuid or ${isJoined}`;
  return sql`c.tenant_id = ${tenantId}::uuid and c.archived_at is null and (${isAllowed})`;
}

/** Returns whether a reader of the conversation may write to it unless it is archived; `whereWritable` is the same rule in SQL. */
export function mayWrite({ role }: Viewer, { takesPart, visibility }: ConversationForWriting): boolean {
  return takesPart || (visibility === 'TENANT' && role !== 'GUEST');
}

/** The properties of a list that determine the index of each branch. */
export interface ListTraits {
  /** The only visibility that is asked for; null for any. */
  readonly visibility: Visibility | null;
  /** True for a list ordered by last change. */
  readonly isNewestFirst: boolean;
}

/**
 * What `whereReadable` says, as conditions of which a conversation of table `c` meets at most one. A list that is read by
 * these costs what the viewer may read of it, however many conversations the tenant has besides.
 */
export function readableBranches(
  { role, tenantId, userId }: Viewer,
  { visibility, isNewestFirst }: ListTraits,
): Sql[] {
  const shared = sql`c.visibility = 'TENANT'`;
  const [owned, joined] = branchesOfPerson(tenantId, sql`${userId}::uuid`, isNewestFirst);
  switch (role) {
    case 'OWNER':
    case 'ADMIN':
      return [];
    case 'MEMBER': {
      // Those of others would be looked for among all that are shared, and never found.
      const own = [sql`c.visibility <> 'TENANT' and ${owned}`, sql`c.visibility <> 'TENANT' and ${joined}`];
      return visibility === 'TENANT' ? [shared] : visibility === 'PRIVATE' ? own : [shared, ...own];
    }
    case 'GUEST':
      return [isJoinedBy(tenantId, sql`${userId}::uuid`)];
  }
}

/** Returns disjoint conditions on table `c`: conversations that a user owns, and others in which they participate. */
export function branchesOfPerson(tenantId: string, userId: Sql, isNewestFirst: boolean): [Sql, Sql] {
  return [
    isOwnedBy(tenantId, userId, isNewestFirst),
    sql`c.owner_id is distinct from ${userId} and ${isJoinedBy(tenantId, userId)}`,
  ];
}

/** Uses the order of its index; in other orders, an owner's conversations are collected and then sorted. */
function isOwnedBy(tenantId: string, userId: Sql, isNewestFirst: boolean): Sql {
  if (isNewestFirst) return sql`c.owner_id = ${userId}`;
  return sql`c.id = any(array(select owned.id from conversations owned
    where owned.tenant_id = ${tenantId}::uuid and owned.owner_id = ${userId}))`;
}

// The planner takes an array for a short one, whoever the person is; of a join it would know only the average, and would
// then read the conversations of all in order to find the few that are theirs.
function isJoinedBy(tenantId: string, userId: Sql): Sql {
  return sql`c.id = any(array(select own.conversation_id from participants own
    where own.tenant_id = ${tenantId}::uuid and own.user_id = ${userId}))`;
}

/** The error of a mutation whose `conversationId` names no conversation that is visible to the viewer. */
export function missingConversation(): NotFound {
  return new NotFound('conversation', ['input', 'conversationId']);
}
