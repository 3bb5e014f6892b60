import type { EventBatch, EventStream } from '../platform/runtime/event-stream.ts';

/** A subscription field as graphql-js expects it. */
interface SubscriptionField {
  readonly subscribe: (parent: unknown, args: unknown, context: unknown) => Promise<EventSource>;
  readonly resolve: (event: unknown) => unknown;
}

/** A stream that graphql-js accepts and passes on as it is. */
type EventSource = EventStream<unknown> & AsyncIterable<EventBatch<unknown>>;

/**
 * Creates a subscription field from the function that opens its stream; the executor gets the events of a
 * batch together.
 */
export function subscriptionField(open: unknown): SubscriptionField {
  if (!isOpening(open)) throw new Error('A subscription has no function that opens its stream.');
  return {
    subscribe: async (_parent, args, context) => withIterator(await open(args, context)),
    resolve: (event) => event,
  };
}

function isOpening(
  open: unknown,
): open is (args: unknown, context: unknown) => Promise<EventStream<unknown>> {
  return typeof open === 'function';
}

/** An explicit iterator: an async generator that waits cannot be stopped. */
function withIterator(stream: EventStream<unknown>): EventSource {
  return {
    next: () => stream.next(),
    close: () => stream.close(),
    [Symbol.asyncIterator]: () => ({
      async next() {
        const batch = await stream.next();
        return batch === null ? { done: true, value: undefined } : { done: false, value: batch };
      },
      async return() {
        stream.close();
        return { done: true, value: undefined };
      },
    }),
  };
}
