import { Refusal } from '../../platform/errors.ts';
import type { Message } from '../message/model.ts';

/** The kinds of events, as in the enum EventKind. */
type EventKind = 'ADDED' | 'CHANGED' | 'REMOVED' | 'CAUGHT_UP' | 'RESET';

/** A place in the events of a conversation: everything up to a position and a change has been read. */
export interface EventPlace {
  readonly position: number;
  readonly change: number;
}

/** An event in a conversation. */
export interface MessageEvent {
  readonly kind: EventKind;
  readonly conversationId: string;
  /** The place after the event. */
  readonly place: EventPlace;
  /** The time of the read, in milliseconds since the epoch. */
  readonly readAt: number;
  /** A UUID; null for an event without a message. */
  readonly messageUuid: string | null;
  readonly message: Message | null;
}

/** The error of a subscription to a conversation that the viewer may not, or no longer, read. */
export function notReadable(): Refusal {
  return new Refusal('NOT_FOUND', 'There is no such conversation, or it is no longer visible to you.');
}
