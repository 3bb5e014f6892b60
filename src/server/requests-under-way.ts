import type { ServerResponse } from 'node:http';
import { Cancellation } from '../platform/cancellation.ts';
import { Refusal, Unavailable } from '../platform/errors.ts';

/** What is being answered, and whether more may come. One for the process. */
export class RequestsUnderWay {
  readonly #deadlineMs: number;
  readonly #cancellations = new Set<Cancellation>();
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
  cutShort(): void {
    for (const cancellation of this.#cancellations) {
      cancellation.cancel(new Unavailable('The server is restarting; try again.'));
    }
  }

  /**
   * Does a query's work until its deadline, and only as long as its client waits; what it still runs then is cancelled.
   * @throws Refusal with TIMEOUT at the deadline
   */
  async follow<Result>(
    response: ServerResponse,
    work: (cancellation: Cancellation) => Promise<Result>,
  ): Promise<Result> {
    const cancellation = new Cancellation();
    const deadline = this.#startDeadline(cancellation);
    const hangUp = () => cancellation.cancel(new Refusal('TIMEOUT', 'The client did not wait.'));
    response.once('close', hangUp);
    this.#cancellations.add(cancellation);
    try {
      return await Promise.race([work(cancellation), whenCancelled(cancellation)]);
    } finally {
      clearTimeout(deadline);
      response.off('close', hangUp);
      this.#cancellations.delete(cancellation);
    }
  }

  #startDeadline(cancellation: Cancellation): NodeJS.Timeout | undefined {
    if (this.#deadlineMs === 0) return undefined;
    const seconds = this.#deadlineMs / 1000;
    const expire = () =>
      cancellation.cancel(
        new Refusal('TIMEOUT', `This took longer than ${seconds} s; ask for less, or try again later.`),
      );
    return setTimeout(expire, this.#deadlineMs);
  }
}

/** Rejects with the reason; a database that is frozen would not tell. */
function whenCancelled(cancellation: Cancellation): Promise<never> {
  return new Promise((_resolve, reject) => {
    cancellation.onCancel(() => reject(cancellation.reason));
  });
}
