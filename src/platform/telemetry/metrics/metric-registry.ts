import { Counter, Gauge, Registry } from 'prom-client';
import { histogramSamples, type HistogramFamily } from './histogram-samples.ts';
import { metricSnapshot, type MetricSnapshot } from './metric-snapshot.ts';

/** A number and what tells it from others of its name. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

interface Description {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly read: () => Iterable<Sample>;
}

interface GaugeDescription extends Description {
  /**
   * What is told of several workers: one number, by default their sum, or those of each, `apart` by the label
   * `worker`.
   */
  readonly together?: 'sum' | 'min' | 'max' | 'apart';
}

/**
 * What is told to Prometheus. Nothing is counted here: the numbers are read where they are counted, when they
 * are asked for, so that requests pay nothing for being watched.
 */
export class MetricRegistry {
  readonly #registry = new Registry();
  readonly #histograms: (() => HistogramFamily)[] = [];
  readonly #ownLabels: Readonly<Record<string, string>>;

  /** `worker` tells this process from those that it is added up with; null where it stands alone. */
  constructor(worker: string | null) {
    this.#ownLabels = worker === null ? {} : { worker };
  }

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
        // Without labels it would begin with 0, also where there is nothing to tell.
        if (labels.length === 0) this.remove();
        for (const [sampleLabels, value] of read()) this.inc({ ...sampleLabels }, value);
      },
    });
  }

  /** Adds a number that grows and shrinks. */
  gauge({ name, help, labels = [], read, together = 'sum' }: GaugeDescription): void {
    const ownLabels = together === 'apart' ? this.#ownLabels : {};
    const labelNames = [...labels, ...Object.keys(ownLabels)];
    new Gauge({
      name,
      help,
      labelNames,
      aggregator: together === 'apart' ? 'sum' : together,
      registers: [this.#registry],
      collect() {
        this.reset();
        if (labelNames.length === 0) this.remove();
        for (const [sampleLabels, value] of read()) this.set({ ...sampleLabels, ...ownLabels }, value);
      },
    });
  }

  histogram(family: () => HistogramFamily): void {
    this.#histograms.push(family);
  }

  /** All of them as they are now. */
  async snapshot(): Promise<MetricSnapshot> {
    const families = metricSnapshot.parse(await this.#registry.getMetricsAsJSON());
    return [...families, ...this.#histograms.map((family) => histogramSamples(family()))];
  }
}
