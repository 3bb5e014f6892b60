import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { EventEmitter } from 'node:events';
import { Cancellation } from '../../platform/runtime/cancellation.ts';
import { Refusal, Unavailable } from '../../platform/errors.ts';
import { TimeoutSweeper } from '../../platform/runtime/timeout-sweeper.ts';

/** The requests in flight, and whether the process drains. One for the process. */
export class InFlightRequests {
  readonly #deadlineMs: number;
  readonly #waits = new TimeoutSweeper<Wait>(({ cancellation, late }) => cancellation.cancel(late()));
  #isDraining = false;

  /** `deadlineMs` bounds a query; 0 is no bound. */
  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** Whether the process is shutting down: new requests are still answered, but should go elsewhere. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  drain(): void {
    this.#isDraining = true;
  }

  /** Cancels the queries in flight. Mutations run to their end: their clients must learn what was written. */
  abortAll(): void {
    for (const { cancellation } of this.#waits.all()) {
      cancellation.cancel(new Unavailable('The server is restarting; try again.'));
    }
  }

  /**
   * Waits for an authentication for as long as a query may take. The work itself goes on: other requests may share it.
   * @throws Unavailable at the deadline
   */
  runWithTimeout<Result>(work: () => MaybePromise<Result>): MaybePromise<Result> {
    const found = work();
    if (!(found instanceof Promise)) return found;
    const late = () => new Unavailable('Authentication timed out; try again shortly.');
    return this.#wait(found, { cancellation: new Cancellation(), late, timeMs: this.#deadlineMs });
  }

  /**
   * Runs a query until its deadline, and only while its client is connected; then its statements are cancelled.
   * `spentMs` of its time have passed before.
   * @throws Refusal with TIMEOUT at the deadline
   */
  runForClient<Result>(
    connection: EventEmitter,
    work: (cancellation: Cancellation) => MaybePromise<Result>,
    spentMs: number,
  ): MaybePromise<Result> {
    const cancellation = new Cancellation();
    const result = work(cancellation);
    if (!(result instanceof Promise)) return result;
    return this.#waitWithClient(connection, result, { cancellation, timeMs: this.#deadlineMs - spentMs });
  }

  async #waitWithClient<Result>(
    connection: EventEmitter,
    result: Promise<Result>,
    { cancellation, timeMs }: Omit<Wait, 'late'>,
  ): Promise<Result> {
    const hangUp = () => cancellation.cancel(new Refusal('TIMEOUT', 'The client disconnected.'));
    const seconds = this.#deadlineMs / 1000;
    const late = () =>
      new Refusal('TIMEOUT', `This took longer than ${seconds} s; ask for less, or try again later.`);
    connection.once('close', hangUp);
    try {
      return await this.#wait(result, { cancellation, late, timeMs });
    } finally {
      connection.off('close', hangUp);
    }
  }

  async #wait<Result>(result: Promise<Result>, wait: Wait): Promise<Result> {
    const place = this.#waits.begin(wait, this.#deadlineMs === 0 ? Infinity : wait.timeMs);
    try {
      return await Promise.race([result, whenCancelled(wait.cancellation)]);
    } finally {
      this.#waits.end(place);
    }
  }
}

/** A wait with its time, its cancellation, and the refusal at its end. */
interface Wait {
  readonly cancellation: Cancellation;
  readonly late: () => Refusal;
  readonly timeMs: number;
}

/** Rejects with the reason of the cancellation; a frozen database would never answer. */
function whenCancelled(cancellation: Cancellation): Promise<never> {
  return new Promise((_resolve, reject) => {
    cancellation.onCancel(() => reject(cancellation.reason));
  });
}
