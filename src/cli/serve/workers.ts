import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from '../../platform/telemetry/logger.ts';

/** How to run the workers. */
export interface WorkersOptions {
  readonly count: number;
  /** What their environment has beyond this process's. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * What each is told once it sends a word, beside its number: `worker`, from 1. Who follows one that died
   * takes it over.
   */
  readonly greeting: Readonly<Record<string, string | null>>;
  /** Called with each, before it runs. */
  readonly follow: (worker: Worker) => void;
  readonly logger: Logger;
}

const firstDelayMs = 200;
const longestDelayMs = 30_000;

/** Whoever has lived so long was well; what ended it is a new matter. */
const healthyMs = 60_000;

/**
 * Processes that run this same command and answer on one port. This process hands out the connections in
 * turn, and starts another worker where one has died.
 */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #alive = new Set<Worker>();
  readonly #waiting = new Set<NodeJS.Timeout>();
  #isStarted = false;
  #isStopping = false;

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the port once all of them listen.
   * @throws Error when one ends before, for the same would befall its successors; it has said why
   */
  async start(): Promise<number> {
    const starting = Array.from({ length: this.#options.count }, (_, index) =>
      portOf(this.#fork(index + 1, 0)),
    );
    try {
      const [port = 0] = await Promise.all(starting);
      this.#isStarted = true;
      return port;
    } catch (error) {
      await this.stop('SIGTERM');
      throw error;
    }
  }

  /** Tells them all to end; resolves when they have. */
  async stop(signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#waiting) clearTimeout(timer);
    await Promise.all(
      [...this.#alive].map(async (worker) => {
        const ended = once(worker, 'exit');
        worker.process.kill(signal);
        await ended;
      }),
    );
  }

  #fork(number: number, delayMs: number): Worker {
    const worker = cluster.fork(this.#options.environment);
    const startedAt = performance.now();
    this.#alive.add(worker);
    this.#options.follow(worker);
    // Asked for, because a worker that is still being loaded does not hear.
    worker.once('message', () => worker.send({ ...this.#options.greeting, worker: `${number}` }));
    worker.once('exit', (code, signal) => {
      this.#alive.delete(worker);
      if (this.#isStopping || !this.#isStarted) return;
      const nextDelayMs = delayBeforeRestart(delayMs, performance.now() - startedAt);
      const { pid } = worker.process;
      this.#options.logger.error(
        { worker: pid, code, signal, nextDelayMs },
        'a worker died; another follows',
      );
      this.#forkAfter(number, nextDelayMs);
    });
    return worker;
  }

  #forkAfter(number: number, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      this.#fork(number, delayMs);
    }, delayMs);
    this.#waiting.add(timer);
  }
}

/**
 * How long to wait before another is started in the place of a worker, which itself was waited for; in
 * milliseconds.
 */
export function delayBeforeRestart(delayMs: number, livedMs: number): number {
  if (delayMs === 0 || livedMs >= healthyMs) return firstDelayMs;
  return Math.min(2 * delayMs, longestDelayMs);
}

async function portOf(worker: Worker): Promise<number> {
  return await new Promise((resolve, reject) => {
    worker.once('listening', ({ port }) => resolve(port));
    worker.once('exit', () => reject(new Error('A worker ended before it could answer.')));
  });
}
