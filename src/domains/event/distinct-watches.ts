import type { Watch } from '../../live/feed.ts';
import type { EventPlace } from './model.ts';

/** A place that one or more watches have. */
export interface DistinctPlace extends EventPlace {
  readonly tenantId: string;
  readonly conversationId: string;
}

/** A reader at a place. */
export interface DistinctReader {
  /** The number of the place, from 1. */
  readonly n: number;
  readonly userId: string;
  readonly role: string;
}

/**
 * Finds the different places and readers of watches: most watches of a conversation are at the same place.
 */
export function distinctIn(watches: readonly Watch<EventPlace>[]) {
  const places = new Map<string, number>();
  const readers = new Map<string, number>();
  const placeRows: DistinctPlace[] = [];
  const readerRows: DistinctReader[] = [];
  const placeKey = ({ topic, place }: Watch<EventPlace>) => `${topic} ${place.position} ${place.change}`;
  const readerKey = (watch: Watch<EventPlace>) =>
    `${placeKey(watch)} ${watch.reader.userId} ${watch.reader.role}`;
  for (const watch of watches) {
    const { place, reader, topic } = watch;
    if (!places.has(placeKey(watch))) {
      places.set(placeKey(watch), placeRows.length);
      placeRows.push({ ...place, tenantId: reader.tenantId, conversationId: topic });
    }
    if (readers.has(readerKey(watch))) continue;
    readers.set(readerKey(watch), readerRows.length);
    const n = (places.get(placeKey(watch)) ?? 0) + 1;
    readerRows.push({ n, userId: reader.userId, role: reader.role });
  }
  return {
    places: placeRows,
    readers: readerRows,
    placeOf: (watch: Watch<EventPlace>) => places.get(placeKey(watch)) ?? -1,
    readerOf: (watch: Watch<EventPlace>) => readers.get(readerKey(watch)) ?? -1,
  };
}
