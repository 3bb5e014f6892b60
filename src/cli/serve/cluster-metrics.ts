import type { Worker } from 'node:cluster';
import type { z } from 'zod';
import type { Logger } from '../../platform/telemetry/logger.ts';
import {
  addUp,
  countersOf,
  snapshotText,
  type MetricSnapshot,
} from '../../platform/telemetry/metrics/metric-snapshot.ts';
import {
  clusterRequest,
  workerResponse,
  type clusterResponse,
  type workerRequest,
} from './metric-messages.ts';

/** A worker without a response after this time hangs: its last counters are used. */
const timeoutMs = 1000;

type Response = Pick<z.output<typeof workerResponse>, 'id' | 'snapshot'>;

/**
 * The sums of the metrics of all workers, for the worker that receives a request for `/metrics`. Counters
 * never fall, also when a worker dies: Prometheus would count the remaining sum a second time.
 */
export class ClusterMetrics {
  readonly #logger: Logger;
  readonly #lastByWorker = new Map<Worker, Response>();
  readonly #pending = new Map<Worker, () => void>();
  readonly #listening = new Set<Worker>();
  /** The last known counters of workers that have exited. */
  #exited: MetricSnapshot = [];
  #lastId = 0;
  #collecting: Promise<string> | null = null;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Includes a worker from when it listens until it exits, and answers its requests. */
  follow(worker: Worker): void {
    worker.once('listening', () => this.#listening.add(worker));
    worker.on('message', (message: unknown) => {
      const request = clusterRequest.safeParse(message);
      if (request.success) this.#respond(worker, request.data.id);
      const response = workerResponse.safeParse(message);
      if (response.success) this.#keep(worker, response.data);
    });
    worker.once('exit', () => this.#remove(worker));
  }

  #respond(worker: Worker, id: number): void {
    this.#collect().then(
      (text) => {
        const response: z.input<typeof clusterResponse> = { metrics: 'clusterResponse', id, text };
        if (worker.isConnected()) worker.send(response);
      },
      (error: unknown) => this.#logger.error({ err: error }, 'collecting the metrics of the workers failed'),
    );
  }

  /**
   * Concurrent requests share one collection: gauges that measure since their last reading would be split
   * otherwise.
   */
  async #collect(): Promise<string> {
    this.#collecting ??= this.#collectNow().finally(() => (this.#collecting = null));
    return await this.#collecting;
  }

  async #collectNow(): Promise<string> {
    this.#lastId += 1;
    await Promise.all([...this.#listening].map((worker) => this.#request(worker)));
    const current = [...this.#lastByWorker.values()].map(({ id, snapshot }) =>
      id === this.#lastId ? snapshot : countersOf(snapshot),
    );
    return await snapshotText(addUp([...current, this.#exited]));
  }

  async #request(worker: Worker): Promise<void> {
    if (!worker.isConnected()) return;
    const request: z.input<typeof workerRequest> = { metrics: 'workerRequest', id: this.#lastId };
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#pending.set(worker, () => {
        clearTimeout(timer);
        resolve();
      });
      worker.send(request);
    });
  }

  #keep(worker: Worker, response: Response): void {
    // A late response is outdated, and that of an exited worker is counted already.
    if (response.id !== this.#lastId || worker.isDead()) return;
    this.#lastByWorker.set(worker, response);
    this.#pending.get(worker)?.();
  }

  #remove(worker: Worker): void {
    this.#listening.delete(worker);
    this.#pending.get(worker)?.();
    this.#pending.delete(worker);
    const last = this.#lastByWorker.get(worker);
    if (last === undefined) return;
    this.#lastByWorker.delete(worker);
    this.#exited = addUp([this.#exited, countersOf(last.snapshot)]);
  }
}
