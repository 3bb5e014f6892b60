import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { EventEmitter } from 'node:events';
import { Cancellation } from '../../platform/runtime/cancellation.ts';
import { Refusal, Unavailable } from '../../platform/errors.ts';
import { TimeoutSweeper } from '../../platform/runtime/timeout-sweeper.ts';

/** What is being answered, and whether more may come. One for the process. */
export class InFlightRequests {
  readonly #deadlineMs: number;
  readonly #waits = new TimeoutSweeper<Wait>(({ cancellation, late }) => cancellation.cancel(late()));
  #isDraining = false;

  /** `deadlineMs` is how long a query may take; 0 for as long as it likes. */
  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** Whether the process is about to end: what comes is still answered, but should go elsewhere from now on. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  drain(): void {
    this.#isDraining = true;
  }

  /** Ends the queries that are still under way. Mutations run to their end: they must not be left half told. */
  abortAll(): void {
    for (const { cancellation } of this.#waits.all()) {
      cancellation.cancel(new Unavailable('The server is restarting; try again.'));
    }
  }

  /**
   * Waits for who asks to be found out, for as long as a query may take. What was begun for that goes on: others may wait
   * for it too.
   * @throws Unavailable at the deadline
   */
  runWithTimeout<Result>(work: () => MaybePromise<Result>): MaybePromise<Result> {
    const found = work();
    if (!(found instanceof Promise)) return found;
    const late = () => new Unavailable('Authentication timed out; try again shortly.');
    return this.#wait(found, { cancellation: new Cancellation(), late, timeMs: this.#deadlineMs });
  }

  /**
   * Does a query's work until its deadline, and only as long as its client waits; what it still runs then is cancelled.
   * `spentMs` of its time are over when it begins.
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

/** How long is waited, what ends it, and what is answered when the time is over. */
interface Wait {
  readonly cancellation: Cancellation;
  readonly late: () => Refusal;
  readonly timeMs: number;
}

/** Rejects with the reason; a database that is frozen would not tell. */
function whenCancelled(cancellation: Cancellation): Promise<never> {
  return new Promise((_resolve, reject) => {
    cancellation.onCancel(() => reject(cancellation.reason));
  });
}
