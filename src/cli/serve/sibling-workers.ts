import type { z } from 'zod';
import type { Siblings } from '../../app/metrics/app-metrics.ts';
import { Unavailable } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { MetricSnapshot } from '../../platform/telemetry/metrics/metric-snapshot.ts';
import { asked, gathered, type told, type wanted } from './metric-messages.ts';

/** Longer than the process that started them all waits for a worker that hangs. */
const patienceMs = 3000;

/** The other workers, as one of them knows them: by the process that started them all. */
export class SiblingWorkers implements Siblings {
  readonly worker: string;
  readonly #logger: Logger;
  readonly #waiting = new Map<number, (text: string) => void>();
  #question = 0;

  constructor(worker: string, logger: Logger) {
    this.worker = worker;
    this.#logger = logger;
  }

  share(own: () => Promise<MetricSnapshot>): () => Promise<string> {
    process.on('message', (message: unknown) => {
      const question = asked.safeParse(message);
      if (question.success) void this.#tell(question.data.question, own);
      const answer = gathered.safeParse(message);
      if (answer.success) this.#waiting.get(answer.data.question)?.(answer.data.text);
    });
    return () => this.#ask();
  }

  /**
   * Who tells nothing is told of as they were last, so that a defect of one does not keep all from being
   * watched.
   */
  async #tell(question: number, own: () => Promise<MetricSnapshot>): Promise<void> {
    try {
      say({ metrics: 'told', question, snapshot: [...(await own())] });
    } catch (error) {
      this.#logger.error({ err: error }, 'the metrics of this worker could not be told');
    }
  }

  /**
   * @throws Unavailable when there is no answer: numbers of this worker alone would look like counters that
   * fell.
   */
  async #ask(): Promise<string> {
    this.#question += 1;
    const question = this.#question;
    try {
      return await new Promise((resolve, reject) => {
        const late = new Unavailable('The metrics of the other workers are not to be had.');
        const timer = setTimeout(() => reject(late), patienceMs);
        this.#waiting.set(question, (text) => {
          clearTimeout(timer);
          resolve(text);
        });
        say({ metrics: 'wanted', question });
      });
    } finally {
      this.#waiting.delete(question);
    }
  }
}

function say(message: z.input<typeof told> | z.input<typeof wanted>): void {
  // Without the process that started it a worker ends, and nobody is left to be told.
  if (process.connected) process.send?.(message);
}
