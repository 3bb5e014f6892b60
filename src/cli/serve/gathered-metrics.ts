import type { Worker } from 'node:cluster';
import type { Logger } from '../../platform/telemetry/logger.ts';
import {
  addUp,
  countersOf,
  snapshotText,
  type MetricSnapshot,
} from '../../platform/telemetry/metrics/metric-snapshot.ts';
import type { asked, gathered } from './metric-messages.ts';
import { told, wanted } from './metric-messages.ts';
import type { z } from 'zod';

/** Whoever has said nothing for so long hangs: its counters are told as they were last. */
const patienceMs = 1000;

interface Told {
  readonly question: number;
  readonly snapshot: MetricSnapshot;
}

/**
 * The numbers of all workers, for whichever of them is asked for `/metrics`. Counters never fall, also when a
 * worker dies: Prometheus would take what is left in the sum for new.
 */
export class GatheredMetrics {
  readonly #logger: Logger;
  readonly #lastByWorker = new Map<Worker, Told>();
  readonly #waiting = new Map<Worker, () => void>();
  readonly #listening = new Set<Worker>();
  /** Counters of those who have died, as far as they were told. */
  #departed: MetricSnapshot = [];
  #question = 0;
  #gathering: Promise<string> | null = null;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Asks this worker, too, from when it listens until it ends, and answers it. */
  follow(worker: Worker): void {
    worker.once('listening', () => this.#listening.add(worker));
    worker.on('message', (message: unknown) => {
      const question = wanted.safeParse(message);
      if (question.success) this.#answer(worker, question.data.question);
      const answer = told.safeParse(message);
      if (answer.success) this.#keep(worker, answer.data);
    });
    worker.once('exit', () => this.#bury(worker));
  }

  #answer(worker: Worker, question: number): void {
    this.#gather().then(
      (text) => {
        const answer: z.input<typeof gathered> = { metrics: 'gathered', question, text };
        if (worker.isConnected()) worker.send(answer);
      },
      (error: unknown) =>
        this.#logger.error({ err: error }, 'the metrics of the workers could not be gathered'),
    );
  }

  /**
   * Two at a time would see what is measured since it was asked for last in parts, and counters in the wrong
   * order.
   */
  async #gather(): Promise<string> {
    this.#gathering ??= this.#gatherNow().finally(() => (this.#gathering = null));
    return await this.#gathering;
  }

  async #gatherNow(): Promise<string> {
    this.#question += 1;
    await Promise.all([...this.#listening].map((worker) => this.#ask(worker)));
    const current = [...this.#lastByWorker.values()].map(({ question, snapshot }) =>
      question === this.#question ? snapshot : countersOf(snapshot),
    );
    return await snapshotText(addUp([...current, this.#departed]));
  }

  async #ask(worker: Worker): Promise<void> {
    if (!worker.isConnected()) return;
    const question: z.input<typeof asked> = { metrics: 'asked', question: this.#question };
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#waiting.set(worker, () => {
        clearTimeout(timer);
        resolve();
      });
      worker.send(question);
    });
  }

  #keep(worker: Worker, answer: Told): void {
    // What comes too late is older than what will be told next, and what a dead one has said is counted
    // already.
    if (answer.question !== this.#question || worker.isDead()) return;
    this.#lastByWorker.set(worker, answer);
    this.#waiting.get(worker)?.();
  }

  #bury(worker: Worker): void {
    this.#listening.delete(worker);
    this.#waiting.get(worker)?.();
    this.#waiting.delete(worker);
    const last = this.#lastByWorker.get(worker);
    if (last === undefined) return;
    this.#lastByWorker.delete(worker);
    this.#departed = addUp([this.#departed, countersOf(last.snapshot)]);
  }
}
