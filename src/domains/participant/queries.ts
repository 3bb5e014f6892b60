import sql from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { pagedList, type Ordering, type PagedList } from '../../paging/paged-list.ts';
import type { Participation } from './model.ts';

/** The checks of a change to the participants; the change is made if all are true. */
export interface Found {
  readonly isConversationFound: boolean;
  readonly isMemberFound: boolean;
}

/** The database queries of participants. */
export type ParticipantQueries = ReturnType<typeof createParticipantQueries>;

const inOrderOfJoining: Ordering<Participation> = {
  name: 'participant.joinedAt',
  direction: 'asc',
  columns: [
    { name: 'joinedAt', expression: sql`p.joined_at`, type: 'timestamptz' },
    { name: 'userId', expression: sql`p.user_id`, type: 'uuid' },
  ],
};

/** Creates the database queries of participants. */
export function createParticipantQueries(db: Database) {
  return {
    /** Lists by conversation; the caller checks that the viewer may read the conversations. */
    inConversations(tenantId: string): PagedList<Participation> {
      return pagedList(db, {
        select: sql`p.user_id as "userId", p.joined_at as "joinedAt"`,
        from: sql`participants p`,
        where: (conversation) => sql`p.tenant_id = ${tenantId}::uuid and p.conversation_id = ${conversation}`,
        ordering: inOrderOfJoining,
      });
    },

    /** Adds an active member as a participant; an existing participation stays as it is. */
    async add(tenantId: string, conversationId: string, userId: string, now: Date): Promise<Found> {
      const [found] = await db.query<Found>(sql`with member as (
          select user_id from memberships
          where tenant_id = ${tenantId}::uuid and user_id = ${userId}::uuid and is_active
        ), conversation as (
          select id from conversations
          where tenant_id = ${tenantId}::uuid and id = ${conversationId}::uuid for key share
        ), joined as (
          insert into participants (tenant_id, conversation_id, user_id, joined_at, created_at)
          select ${tenantId}::uuid, conversation.id, member.user_id, ${now}, ${now} from conversation, member
          on conflict do nothing
        )
        select exists(select from conversation) as "isConversationFound", exists(select from member) as "isMemberFound"`);
      return found ?? { isConversationFound: false, isMemberFound: false };
    },

    /** Removes a participant, who may be a suspended member; has no effect for other users. */
    async remove(tenantId: string, conversationId: string, userId: string): Promise<Found> {
      // The lock comes first, as in every other change of a conversation; a trigger writes to this row.
      const [found] = await db.query<Found>(sql`with conversation as (
          select id from conversations
          where tenant_id = ${tenantId}::uuid and id = ${conversationId}::uuid for no key update
        ), gone as (
          delete from participants p using conversation where p.tenant_id = ${tenantId}::uuid
            and p.conversation_id = conversation.id and p.user_id = ${userId}::uuid
        )
        select exists(select from conversation) as "isConversationFound",
          exists(select from memberships
            where tenant_id = ${tenantId}::uuid and user_id = ${userId}::uuid) as "isMemberFound"`);
      return found ?? { isConversationFound: false, isMemberFound: false };
    },
  };
}
