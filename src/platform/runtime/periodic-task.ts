/** The work of a periodic task and its interval. */
export interface PeriodicTaskOptions {
  /** Ends early, of its own accord, once the signal is aborted. */
  readonly work: (signal: AbortSignal) => Promise<unknown>;
  readonly intervalMs: number;
  /** Receives a failure of the work, which does not stop the task. */
  readonly onError: (error: unknown) => void;
  /** From 0 up to 1; random unless a test sets it. */
  readonly random?: () => number;
}

// A process that is restarted more often than its interval must still run the work.
const firstDelayMsMax = 60_000;

/**
 * Runs work periodically, for the first time within about a minute, and never twice concurrently. Each pause
 * is up to a quarter shorter or longer than the interval, so that processes that were started together do not
 * stay in step.
 */
export class PeriodicTask {
  readonly #options: PeriodicTaskOptions;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #currentRun: Promise<void> = Promise.resolve();

  constructor(options: PeriodicTaskOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule(Math.min(this.#options.intervalMs, firstDelayMsMax));
  }

  /** Resolves when the current run is over; no run begins afterwards. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#currentRun;
  }

  #schedule(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    const jitter = 0.75 + 0.5 * (this.#options.random ?? Math.random)();
    // A periodic task must not keep the process alive.
    this.#timer = setTimeout(() => (this.#currentRun = this.#run()), delayMs * jitter).unref();
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
