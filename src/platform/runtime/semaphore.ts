import pLimit, { type LimitFunction } from 'p-limit';
import { Unavailable } from '../errors.ts';

/**
 * Runs a bounded number of works concurrently; further works wait in a bounded queue, in their order of
 * arrival.
 */
export class Semaphore {
  readonly #limit: LimitFunction;
  readonly #queueMax: number;

  constructor(options: { readonly concurrencyMax: number; readonly queueMax: number }) {
    this.#limit = pLimit(options.concurrencyMax);
    this.#queueMax = options.queueMax;
  }

  /**
   * Settles as the work does.
   * @throws Unavailable when the queue is full
   */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    const { activeCount, concurrency, pendingCount } = this.#limit;
    if (activeCount >= concurrency && pendingCount >= this.#queueMax) throw new Unavailable();
    return await this.#limit(work);
  }
}
