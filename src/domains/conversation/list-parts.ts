import sql, { type Sql } from 'sql-template-tag';
import type { Viewer } from '../session/model.ts';
import type { ConversationFilter, ConversationOrder } from './queries.ts';

/**
 * What `whereReadable` says, as conditions of which a conversation of table `c` meets at most one. A list that is read by
 * these costs what the viewer may read of it, however many conversations the tenant has besides.
 */
export function readableParts(
  { role, tenantId, userId }: Viewer,
  { visibility }: Pick<ConversationFilter, 'visibility'>,
  { field }: ConversationOrder,
): Sql[] {
  const shared = sql`c.visibility = 'TENANT'`;
  const [owned, joined] = partsOf(tenantId, sql`${userId}::uuid`, field);
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

/** What a person owns, and what else they take part in: a conversation of table `c` meets at most one. */
export function partsOf(tenantId: string, userId: Sql, field: ConversationOrder['field']): [Sql, Sql] {
  return [
    isOwnedBy(tenantId, userId, field),
    sql`c.owner_id is distinct from ${userId} and ${isJoinedBy(tenantId, userId)}`,
  ];
}

/** In the order of its index; in others, those of an owner are collected first and sorted then. */
function isOwnedBy(tenantId: string, userId: Sql, field: ConversationOrder['field']): Sql {
  if (field === 'UPDATED_AT') return sql`c.owner_id = ${userId}`;
  return sql`c.id = any(array(select owned.id from conversations owned
    where owned.tenant_id = ${tenantId}::uuid and owned.owner_id = ${userId}))`;
}

// The planner takes an array for a short one, whoever the person is; of a join it would know only the average, and would
// then read the conversations of all in order to find the few that are theirs.
function isJoinedBy(tenantId: string, userId: Sql): Sql {
  return sql`c.id = any(array(select own.conversation_id from participants own
    where own.tenant_id = ${tenantId}::uuid and own.user_id = ${userId}))`;
}
