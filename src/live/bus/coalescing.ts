/** The time for which hints are collected, in milliseconds. */
const coalesceMs = 10;

/** Collects topics and hands each of them over once per interval. */
export class Coalescing {
  readonly #send: (topics: readonly string[]) => void;
  readonly #topics = new Set<string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (topics: readonly string[]) => void) {
    this.#send = send;
  }

  add(topic: string): void {
    this.#topics.add(topic);
    this.#timer ??= setTimeout(() => this.flush(), coalesceMs).unref();
  }

  /** Hands over what was collected. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const topics = [...this.#topics];
    this.#topics.clear();
    if (topics.length > 0) this.#send(topics);
  }
}
