import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from '../../platform/telemetry/logger.ts';

/** The options of the workers. */
export interface WorkersOptions {
  readonly count: number;
  /** The variables added to the environment of this process. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Sent to each worker on its first message, with its number `worker`, from 1; a replacement keeps the
   * number.
   */
  readonly greeting: Readonly<Record<string, string | null>>;
  /** Called with each worker before it runs. */
  readonly follow: (worker: Worker) => void;
  readonly logger: Logger;
}

const firstDelayMs = 200;
const longestDelayMs = 30_000;

/** A worker that ran for this long was healthy, so its replacement starts without a longer delay. */
const healthyMs = 60_000;

/**
 * Worker processes that run the same command and serve one port. This process distributes the connections in
 * turn, and replaces a worker that exits.
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
   * Resolves with the port when all workers listen.
   * @throws Error when a worker exits before, as its replacements would; its own log has the reason
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

  /** Stops all workers; resolves when they have exited. */
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
    // A worker that is still loading would miss an earlier message.
    worker.once('message', () => worker.send({ ...this.#options.greeting, worker: `${number}` }));
    worker.once('exit', (code, signal) => {
      this.#alive.delete(worker);
      if (this.#isStopping || !this.#isStarted) return;
      const nextDelayMs = delayBeforeRestart(delayMs, performance.now() - startedAt);
      const { pid } = worker.process;
      this.#options.logger.error({ worker: pid, code, signal, nextDelayMs }, 'worker exited; restarting');
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
 * Returns the delay before the next restart, in milliseconds, from the previous delay and the lifetime of the
 * worker.
 */
export function delayBeforeRestart(delayMs: number, livedMs: number): number {
  if (delayMs === 0 || livedMs >= healthyMs) return firstDelayMs;
  return Math.min(2 * delayMs, longestDelayMs);
}

async function portOf(worker: Worker): Promise<number> {
  return await new Promise((resolve, reject) => {
    worker.once('listening', ({ port }) => resolve(port));
    worker.once('exit', () => reject(new Error('A worker exited before it could listen.')));
  });
}
