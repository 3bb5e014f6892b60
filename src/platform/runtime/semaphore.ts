import { Unavailable } from '../errors.ts';

/** Runs a bounded number of works concurrently; further works wait in a queue, in their order of arrival. */
export class Semaphore {
  readonly #concurrencyMax: number;
  readonly #queueMax: number;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(options: { readonly concurrencyMax: number; readonly queueMax: number }) {
    this.#concurrencyMax = options.concurrencyMax;
    this.#queueMax = options.queueMax;
  }

  /** Settles as the work does. @throws Unavailable when the queue is full */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.#acquire();
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      // The permit is handed over rather than released: a newcomer must not overtake the queue.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #acquire(): Promise<void> {
    if (this.#running < this.#concurrencyMax) {
      this.#running += 1;
      return;
    }
    if (this.#queue.length >= this.#queueMax) throw new Unavailable();
    await new Promise<void>((resolve) => this.#queue.push(resolve));
  }
}
