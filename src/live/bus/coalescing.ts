/** The time for which hints are collected, in milliseconds. */
const coalesceMs = 10;
/**
 * The most topics that wait, about 100 bytes each; further ones are found by the checks of other processes.
 */
const topicsMax = 10_000;

/** Collects topics, and sends each of them once per interval, never two batches concurrently. */
export class Coalescing {
  readonly #send: (topics: readonly string[]) => Promise<void>;
  readonly #topics = new Set<string>();
  #isBusy = false;

  /** `send` never rejects. */
  constructor(send: (topics: readonly string[]) => Promise<void>) {
    this.#send = send;
  }

  add(topic: string): void {
    if (this.#topics.size < topicsMax) this.#topics.add(topic);
    if (!this.#isBusy) this.#begin();
  }

  #begin(): void {
    this.#isBusy = true;
    setTimeout(() => void this.#sendCollected(), coalesceMs).unref();
  }

  async #sendCollected(): Promise<void> {
    const topics = [...this.#topics];
    this.#topics.clear();
    await this.#send(topics);
    if (this.#topics.size > 0) this.#begin();
    else this.#isBusy = false;
  }
}
