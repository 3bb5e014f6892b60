import type { Feed } from '../../live/feed.ts';
import { InvalidCursor } from '../../platform/errors.ts';
import { fromPublicId } from '../../platform/ids.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { EventBatch, EventStream } from '../../platform/runtime/event-stream.ts';
import type { Viewer } from '../session/model.ts';
import { decodeEventCursor } from './event-cursor.ts';
import { notReadable, type EventPlace, type MessageEvent } from './model.ts';
import type { EventQueries } from './queries.ts';

/** The service for events. */
export type EventService = ReturnType<typeof createEventService>;

/** Creates the service for events. */
export function createEventService(options: {
  readonly queries: EventQueries;
  readonly messageFeed: Feed<EventPlace, MessageEvent>;
  readonly clock: Clock;
  /** The time for which changes of messages are kept. */
  readonly retentionMs: number;
}) {
  const { queries, messageFeed, clock, retentionMs } = options;

  /** The place to start from, and true if changes since the cursor are no longer kept. */
  function startFrom(
    conversationId: string,
    head: EventPlace,
    after: string,
  ): { readonly place: EventPlace; readonly isReset: boolean } {
    const cursor = decodeEventCursor(after);
    if (cursor === null || cursor.conversationId !== conversationId) throw new InvalidCursor('after');
    const { place, readAt } = cursor;
    // A cursor from before a restore of the database may be ahead.
    const isAhead = place.position > head.position || place.change > head.change;
    const isTooOld = place.change < head.change && readAt < clock.now() - retentionMs;
    return isAhead || isTooOld ? { place: head, isReset: true } : { place, isReset: false };
  }

  return {
    /**
     * Opens the events of a conversation after a cursor, or from now on.
     * @throws Refusal with NOT_FOUND unless the viewer may read the conversation
     * @throws InvalidCursor
     */
    async ofMessages(
      viewer: Viewer,
      {
        conversationId: publicId,
        after,
      }: { readonly conversationId: string; readonly after?: string | null | undefined },
    ): Promise<EventStream<MessageEvent>> {
      const conversationId = fromPublicId('conv', publicId);
      const head = conversationId === null ? null : await queries.head(viewer, conversationId);
      if (conversationId === null || head === null) throw notReadable();
      const start =
        after === null || after === undefined || after === ''
          ? { place: head, isReset: false }
          : startFrom(conversationId, head, after);
      const { place, isReset } = start;
      const stream = messageFeed.watch({ topic: conversationId, reader: viewer, place });
      return new MarkedStream(stream, { conversationId, place, isReset, clock });
    },
  };
}

/** A stream with the events CAUGHT_UP and RESET. */
class MarkedStream implements EventStream<MessageEvent> {
  readonly #stream: EventStream<MessageEvent>;
  readonly #conversationId: string;
  readonly #clock: Clock;
  #place: EventPlace;
  #isReset: boolean;

  constructor(
    stream: EventStream<MessageEvent>,
    start: {
      readonly conversationId: string;
      readonly place: EventPlace;
      readonly isReset: boolean;
      readonly clock: Clock;
    },
  ) {
    this.#stream = stream;
    this.#conversationId = start.conversationId;
    this.#place = start.place;
    this.#isReset = start.isReset;
    this.#clock = start.clock;
  }

  async next(): Promise<EventBatch<MessageEvent> | null> {
    const batch = await this.#stream.next();
    if (batch === null) return null;
    const reset = this.#isReset ? [this.#mark('RESET')] : [];
    this.#isReset = false;
    this.#place = batch.events.at(-1)?.place ?? this.#place;
    const caughtUp = batch.isCaughtUp ? [this.#mark('CAUGHT_UP')] : [];
    return { ...batch, events: [...reset, ...batch.events, ...caughtUp] };
  }

  close(): void {
    this.#stream.close();
  }

  #mark(kind: 'CAUGHT_UP' | 'RESET'): MessageEvent {
    const [conversationId, place, readAt] = [this.#conversationId, this.#place, this.#clock.now()];
    return { kind, conversationId, place, readAt, messageUuid: null, message: null };
  }
}
