import { Counter, Gauge, Registry } from 'prom-client';
import { histogramText, type HistogramFamily } from './histogram-text.ts';

/** A number and what tells it from others of its name. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

interface Description {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly read: () => Iterable<Sample>;
}

/**
 * What is told to Prometheus. Nothing is counted here: the numbers are read where they are counted, when they are asked for, so
 * that requests pay nothing for being watched.
 */
export class MetricRegistry {
  readonly #registry = new Registry();
  readonly #histograms: (() => HistogramFamily)[] = [];

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Adds a number that only grows. */
  counter({ name, help, labels = [], read }: Description): void {
    new Counter({
      name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [sampleLabels, value] of read()) this.inc({ ...sampleLabels }, value);
      },
    });
  }

  /** Adds a number that grows and shrinks. */
  gauge({ name, help, labels = [], read }: Description): void {
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [sampleLabels, value] of read()) this.set({ ...sampleLabels }, value);
      },
    });
  }

  histogram(family: () => HistogramFamily): void {
    this.#histograms.push(family);
  }

  /** All of them in Prometheus' text format. */
  async text(): Promise<string> {
    const texts = this.#histograms.map((family) => histogramText(family()));
    return [await this.#registry.metrics(), ...texts].join('\n');
  }
}
