import type { EventEmitter } from 'node:events';
import { Cancellation } from '../../platform/runtime/cancellation.ts';
import { Refusal, Unavailable } from '../../platform/errors.ts';
import { TimeoutSweeper } from '../../platform/runtime/timeout-sweeper.ts';

/** The requests in flight; one object for the process. */
export class InFlightRequests {
  /** True while the process is shutting down: new requests are still answered, but should go elsewhere. */
  isDraining = false;
  readonly #deadlineMs: number;
  readonly #waits = new TimeoutSweeper<Wait>(({ cancellation, late }) => cancellation.cancel(late()));

  /** `deadlineMs` bounds a query; 0 is no bound. */
  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** Cancels the queries in flight. Mutations run to their end: their clients must learn what was written. */
  abortAll(): void {
    for (const { cancellation } of this.#waits.all()) {
      cancellation.cancel(new Unavailable('The server is restarting; try again.'));
    }
  }

  /**
   * Waits for an authentication for as long as a query may take. The work itself goes on, because other
   * requests may share it.
   * @throws Unavailable at the deadline
   */
  waitForIdentity<Viewer>(identity: Promise<Viewer>): Promise<Viewer> {
    const late = () => new Unavailable('Authentication timed out; try again shortly.');
    return this.#wait(identity, { cancellation: new Cancellation(), late, timeMs: this.#deadlineMs });
  }

  /**
   * Waits for the answer to a query until the deadline, and only while its client is connected; then cancels
   * the query's statements. `timeSpentMs` of the time have passed before.
   * @throws Refusal with TIMEOUT at the deadline
   */
  async waitForQuery<Answer>(
    answer: Promise<Answer>,
    query: {
      readonly cancellation: Cancellation;
      /** Emits `close` when the client has disconnected. */
      readonly connection: EventEmitter;
      readonly timeSpentMs: number;
    },
  ): Promise<Answer> {
    const { cancellation, connection, timeSpentMs } = query;
    const hangUp = () => cancellation.cancel(new Refusal('TIMEOUT', 'The client disconnected.'));
    const seconds = this.#deadlineMs / 1000;
    const late = () =>
      new Refusal('TIMEOUT', `This took longer than ${seconds} s; request less, or try again later.`);
    connection.once('close', hangUp);
    try {
      return await this.#wait(answer, { cancellation, late, timeMs: this.#deadlineMs - timeSpentMs });
    } finally {
      connection.off('close', hangUp);
    }
  }

  async #wait<Result>(result: Promise<Result>, wait: Wait): Promise<Result> {
    const handle = this.#waits.begin(wait, this.#deadlineMs === 0 ? Infinity : wait.timeMs);
    try {
      return await Promise.race([result, whenCancelled(wait.cancellation)]);
    } finally {
      this.#waits.end(handle);
    }
  }
}

/** A wait with its time, its cancellation, and the error at its end. */
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
