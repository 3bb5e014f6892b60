import type { FormattedExecutionResult } from 'graphql';
import type { LiveCaller } from './live-caller.ts';

/** The stream that `subscribe` of a field returns; its values are batches of events. */
export type EventIterator = AsyncIterator<unknown>;

/** A subscription that is open. */
export class Subscription {
  readonly #iterator: EventIterator;
  readonly #run: (events: readonly unknown[]) => Promise<readonly FormattedExecutionResult[]>;
  readonly #caller: Pick<LiveCaller<unknown>, 'confirmed'>;

  constructor(options: {
    readonly iterator: EventIterator;
    readonly run: (events: readonly unknown[]) => Promise<readonly FormattedExecutionResult[]>;
    readonly caller: Pick<LiveCaller<unknown>, 'confirmed'>;
  }) {
    this.#iterator = options.iterator;
    this.#run = options.run;
    this.#caller = options.caller;
  }

  /** Waits for the next results; null at the end. @throws Refusal if the caller may not read any more */
  async next(): Promise<readonly FormattedExecutionResult[] | null> {
    const { done, value } = await this.#iterator.next();
    if (done === true) return null;
    const results = await this.#run(eventsIn(value));
    // Last, so that nothing is sent after an acknowledged revocation.
    await this.#caller.confirmed();
    return results;
  }

  close(): void {
    void this.#iterator.return?.();
  }
}

/** @throws Error for a field whose stream has other values than batches */
function eventsIn(batch: unknown): readonly unknown[] {
  if (typeof batch === 'object' && batch !== null && 'events' in batch && Array.isArray(batch.events))
    return batch.events;
  throw new Error('The stream of a subscription must consist of batches of events.');
}
