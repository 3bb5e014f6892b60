import type { FeedAnswer } from '../../live/feed.ts';
import type { Message } from '../message/model.ts';
import type { DistinctPlace } from './distinct-watches.ts';
import type { EventPlace, MessageEvent } from './model.ts';

/** The most new messages, and the most changes, that are read at a time of one conversation. */
export const eventsMax = 200;

/** A row of `read`. The columns of a message are null in the row of a head, and for a deleted message. */
export interface ReadRow extends Nullable<Message> {
  /** The number of the place, from 1. */
  readonly n: number;
  readonly kind: 'HEAD' | 'ADDED' | 'CHANGED' | 'REMOVED';
  /** The number of the change, or of the newest change in the row of a head. */
  readonly change: number | null;
  /** The position of the newest message, in the row of a head. */
  readonly lastPosition: number | null;
  /** The numbers of the readers who may not read, from 1, in the row of a head. */
  readonly denied: readonly number[] | null;
  readonly messageUuid: string | null;
}

type Nullable<Row> = { readonly [Column in keyof Row]: Row[Column] | null };

interface PlaceAnswer {
  readonly denied: ReadonlySet<number>;
  readonly answer: FeedAnswer<EventPlace, MessageEvent>;
}

/** Returns the events at each place; undefined for a place whose conversation does not exist. */
export function answersFrom(
  places: readonly DistinctPlace[],
  rows: readonly ReadRow[],
  now: number,
): (PlaceAnswer | undefined)[] {
  const byPlace = new Map<number, ReadRow[]>();
  for (const row of rows) byPlace.set(row.n, [...(byPlace.get(row.n) ?? []), row]);
  return places.map((place, index) => {
    const own = byPlace.get(index + 1) ?? [];
    const head = own.find(({ kind }) => kind === 'HEAD');
    if (head === undefined) return undefined;
    const last = { position: head.lastPosition ?? 0, change: head.change ?? 0 };
    return { denied: new Set(head.denied), answer: eventsAfter(place, last, own, now) };
  });
}

/** New messages come first: the changes that follow concern messages that the reader knows by then. */
function eventsAfter(
  { conversationId, position, change }: DistinctPlace,
  last: EventPlace,
  rows: readonly ReadRow[],
  now: number,
): FeedAnswer<EventPlace, MessageEvent> {
  const added = rows.filter(isAddition).toSorted(inOrderOf('position'));
  const changed = rows.filter(isChange).toSorted(inOrderOf('change'));
  const isComplete = added.length <= eventsMax && changed.length <= eventsMax;
  const events: MessageEvent[] = [];
  let place: EventPlace = { position, change };
  for (const row of [...added.slice(0, eventsMax), ...changed.slice(0, eventsMax)]) {
    place = {
      position: row.kind === 'ADDED' ? (row.position ?? 0) : place.position,
      change: row.change ?? place.change,
    };
    // A message that is new to the reader arrives as it is now, with its changes.
    if (row.kind === 'CHANGED' && (row.position === null || row.position > position)) continue;
    const message = isMessage(row) ? row : null;
    const { kind, messageUuid } = row;
    events.push({ kind, conversationId, place, readAt: now, messageUuid, message });
  }
  return { events, place: isComplete ? last : place, isComplete };
}

function isMessage(row: ReadRow): row is ReadRow & Message {
  return row.id !== null;
}

function isAddition(row: ReadRow): row is ReadRow & { readonly kind: 'ADDED' } {
  return row.kind === 'ADDED';
}

function isChange(row: ReadRow): row is ReadRow & { readonly kind: 'CHANGED' | 'REMOVED' } {
  return row.kind === 'CHANGED' || row.kind === 'REMOVED';
}

function inOrderOf(column: 'position' | 'change') {
  return (one: ReadRow, other: ReadRow) => (one[column] ?? 0) - (other[column] ?? 0);
}
