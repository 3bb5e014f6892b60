import sql from 'sql-template-tag';
import type { FeedAnswer, Topic, Watch } from '../../live/feed.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { whereReadable, whereReadableBy } from '../conversation/model.ts';
import { messageColumns } from '../message/model.ts';
import type { Viewer } from '../session/model.ts';
import { answersFrom, eventsMax, type ReadRow } from './event-rows.ts';
import { distinctIn, type DistinctPlace, type DistinctReader } from './distinct-watches.ts';
import { notReadable, type EventPlace, type MessageEvent } from './model.ts';

/** The database queries of events. */
export type EventQueries = ReturnType<typeof createEventQueries>;

/** Creates the database queries of events. */
export function createEventQueries(db: Database) {
  return {
    /** Finds the newest place of a conversation that the viewer may read; null if there is none. */
    async head(viewer: Viewer, conversationId: string): Promise<EventPlace | null> {
      const [found] =
        await db.query<EventPlace>(sql`select c.last_position as position, c.last_change as change
        from conversations c where ${whereReadable(viewer)} and c.id = ${conversationId}::uuid`);
      return found ?? null;
    },

    /** Finds the newest places of conversations; null for one that does not exist. */
    async heads(topics: readonly Topic[]): Promise<(EventPlace | null)[]> {
      const rows = await db.query<EventPlace & { readonly n: number }>(sql`select w.n::integer as n,
          c.last_position as position, c.last_change as change
        from unnest(${topics.map(({ tenantId }) => tenantId)}::uuid[], ${topics.map(({ topic }) => topic)}::uuid[])
          with ordinality as w(tenant_id, id, n)
        join conversations c on c.tenant_id = w.tenant_id and c.id = w.id`);
      const byNumber = new Map(rows.map(({ n, position, change }) => [n, { position, change }]));
      return topics.map((_topic, index) => byNumber.get(index + 1) ?? null);
    },

    /** Reads what follows each place, with the rights that its reader has now. */
    async after(
      watches: readonly Watch<EventPlace>[],
      now: number,
    ): Promise<FeedAnswer<EventPlace, MessageEvent>[]> {
      const { places, readers, placeOf, readerOf } = distinctIn(watches);
      const rows = await db.query<ReadRow>(readStatement(places, readers));
      const answers = answersFrom(places, rows, now);
      return watches.map((watch) => {
        const found = answers[placeOf(watch)];
        if (found === undefined || found.denied.has(readerOf(watch) + 1)) return { error: notReadable() };
        return found.answer;
      });
    },
  };
}

function readStatement(places: readonly DistinctPlace[], readers: readonly DistinctReader[]) {
  const isReadable = whereReadableBy({ role: sql`r.role`, userId: sql`r.user_id` });
  return sql`with head as (
      select w.n::integer as n, w.position, w.change, c.tenant_id, c.id, c.last_position, c.last_change, c.visibility, c.owner_id
      from unnest(${places.map(({ tenantId }) => tenantId)}::uuid[], ${places.map(({ conversationId }) => conversationId)}::uuid[],
        ${places.map(({ position }) => position)}::integer[], ${places.map(({ change }) => change)}::integer[])
        with ordinality as w(tenant_id, id, position, change, n)
      join conversations c on c.tenant_id = w.tenant_id and c.id = w.id
    ), denied as (
      select c.n, array_agg(r.number::integer) as readers
      from unnest(${readers.map(({ n }) => n)}::integer[], ${readers.map(({ userId }) => userId)}::uuid[],
        ${readers.map(({ role }) => role)}::text[]) with ordinality as r(n, user_id, role, number)
      join head c on c.n = r.n
      where not ${isReadable}
      group by c.n
    )
    select head.n, 'HEAD' as kind, head.last_change as change, head.last_position as "lastPosition", denied.readers as denied,
      null::uuid as "messageUuid", ${messageColumns}
    from head left join denied on denied.n = head.n left join messages m on false
    union all
    select head.n, 'ADDED', null, null, null, m.id, ${messageColumns}
    from head cross join lateral (
      select * from messages m
      where m.tenant_id = head.tenant_id and m.conversation_id = head.id and m.position > head.position
      order by m.position limit ${eventsMax + 1}
    ) m
    union all
    select head.n, d.kind::text, d.change, null, null, d.message_id, ${messageColumns}
    from head cross join lateral (
      select d.change, d.kind, d.message_id from message_changes d
      where d.tenant_id = head.tenant_id and d.conversation_id = head.id and d.change > head.change
      order by d.change limit ${eventsMax + 1}
    ) d
    left join messages m on d.kind = 'CHANGED' and m.tenant_id = head.tenant_id and m.id = d.message_id`;
}
