import type { z } from 'zod';
import type { WorkerCluster } from '../../app/metrics/app-metrics.ts';
import { Unavailable } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { MetricSnapshot } from '../../platform/telemetry/metrics/metric-snapshot.ts';
import { clusterRequest, clusterResponse, workerRequest, workerResponse } from './metric-messages.ts';

/** Longer than the timeout of the primary for a worker that hangs. */
const timeoutMs = 3000;

/** A worker's connection to the other workers, through the primary process. */
export class WorkerChannel implements WorkerCluster {
  readonly worker: string;
  readonly #logger: Logger;
  readonly #pending = new Map<number, (text: string) => void>();
  #lastId = 0;

  constructor(worker: string, logger: Logger) {
    this.worker = worker;
    this.#logger = logger;
  }

  share(own: () => Promise<MetricSnapshot>): () => Promise<string> {
    process.on('message', (message: unknown) => {
      const request = workerRequest.safeParse(message);
      if (request.success) void this.#respond(request.data.id, own);
      const response = clusterResponse.safeParse(message);
      if (response.success) this.#pending.get(response.data.id)?.(response.data.text);
    });
    return () => this.#request();
  }

  /**
   * Without a response, the primary uses this worker's last counters, so that one defect does not hide all
   * metrics.
   */
  async #respond(id: number, own: () => Promise<MetricSnapshot>): Promise<void> {
    try {
      send({ metrics: 'workerResponse', id, snapshot: [...(await own())] });
    } catch (error) {
      this.#logger.error({ err: error }, 'collecting the metrics of this worker failed');
    }
  }

  /**
   * @throws Unavailable without a response: the counters of this worker alone would look as if they had
   * fallen
   */
  async #request(): Promise<string> {
    this.#lastId += 1;
    const id = this.#lastId;
    try {
      return await new Promise((resolve, reject) => {
        const late = new Unavailable('The metrics of the other workers are unavailable.');
        const timer = setTimeout(() => reject(late), timeoutMs);
        this.#pending.set(id, (text) => {
          clearTimeout(timer);
          resolve(text);
        });
        send({ metrics: 'clusterRequest', id });
      });
    } finally {
      this.#pending.delete(id);
    }
  }
}

function send(message: z.input<typeof workerResponse> | z.input<typeof clusterRequest>): void {
  // A worker without its primary is about to exit.
  if (process.connected) process.send?.(message);
}
