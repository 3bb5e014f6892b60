/** Events that are read together. */
export interface EventBatch<Event> {
  readonly events: readonly Event[];
  /** True once: for the batch with which the stream has reached the present, which may be empty. */
  readonly isCaughtUp: boolean;
}

/** A stream of events in batches. */
export interface EventStream<Event> {
  /**
   * Waits for the next events; null at the end. Nothing is read before the call, so that a slow reader is
   * late and never makes a queue grow. @throws Error for a reader who may no longer read
   */
  next(): Promise<EventBatch<Event> | null>;
  /** Ends the stream; a waiting `next` returns null. */
  close(): void;
}
