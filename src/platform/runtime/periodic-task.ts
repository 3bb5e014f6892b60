/** What is to be done again and again. */
export interface RepetitionOptions {
  /** Ends early, of its own accord, once the signal says so. */
  readonly work: (signal: AbortSignal) => Promise<unknown>;
  readonly intervalMs: number;
  /** A failure is told and does not end the repetition. */
  readonly onError: (error: unknown) => void;
  /** From 0 up to 1; chance, unless a test says otherwise. */
  readonly random?: () => number;
}

// A process that is restarted more often than it has work to do shall come to do it all the same.
const firstDelayMsMax = 60_000;

/**
 * Does work again and again, the first time within a minute or so, never twice at the same time. Each pause is a quarter
 * shorter or longer than the interval, so that processes which were started together do not go on in step.
 */
export class Repetition {
  readonly #options: RepetitionOptions;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #underWay: Promise<void> = Promise.resolve();

  constructor(options: RepetitionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule(Math.min(this.#options.intervalMs, firstDelayMsMax));
  }

  /** Resolves when nothing is under way any more; nothing begins afterwards. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#underWay;
  }

  #schedule(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    const jitter = 0.75 + 0.5 * (this.#options.random ?? Math.random)();
    // What is done now and then keeps no process alive.
    this.#timer = setTimeout(() => (this.#underWay = this.#run()), delayMs * jitter).unref();
  }

  async #run(): Promise<void> {
    const { work, intervalMs, onError } = this.#options;
    try {
      await work(this.#stopping.signal);
    } catch (error) {
      onError(error);
    }
    this.#schedule(intervalMs);
  }
}
