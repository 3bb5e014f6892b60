import { Counter, Gauge, Registry } from 'prom-client';
import { histogramSamples, type HistogramFamily } from './histogram-samples.ts';
import { metricSnapshot, type MetricSnapshot } from './metric-snapshot.ts';

/** A number and its labels. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

interface Description {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly read: () => Iterable<Sample>;
}

interface GaugeDescription extends Description {
  /**
   * The aggregation over workers: one number, by default the sum, or `apart`, one number per label `worker`.
   */
  readonly together?: 'sum' | 'min' | 'max' | 'apart';
}

/**
 * The metrics for Prometheus. Nothing is counted here: numbers are read from their sources on each scrape, so
 * metrics cost requests nothing.
 */
export class MetricRegistry {
  readonly #registry = new Registry();
  readonly #histograms: (() => HistogramFamily)[] = [];
  readonly #ownLabels: Readonly<Record<string, string>>;

  /** `worker` is the label of this process among several workers; null for a single process. */
  constructor(worker: string | null) {
    this.#ownLabels = worker === null ? {} : { worker };
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Adds a number that only increases. */
  counter({ name, help, labels = [], read }: Description): void {
    new Counter({
      name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      collect() {
        this.reset();
        // Without labels the metric would start at 0, also without a sample.
        if (labels.length === 0) this.remove();
        for (const [sampleLabels, value] of read()) this.inc({ ...sampleLabels }, value);
      },
    });
  }

  /** Adds a number that increases and decreases. */
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

  /** Reads the current values of all metrics. */
  async snapshot(): Promise<MetricSnapshot> {
    const families = metricSnapshot.parse(await this.#registry.getMetricsAsJSON());
    return [...families, ...this.#histograms.map((family) => histogramSamples(family()))];
  }
}
