import type { Histogram } from './histogram.ts';
import type { MetricFamily } from './metric-snapshot.ts';

/** Edges from 1 ms to 8 s, each twice the one before: powers of two, because our own ranges end there. */
const exponents = Array.from({ length: 14 }, (_, exponent) => exponent);

/** Histograms of one name, told apart by the value of a label; without a label there is one. */
export interface HistogramFamily {
  readonly name: string;
  readonly help: string;
  readonly label: string | null;
  readonly series: Iterable<readonly [value: string, durations: Histogram]>;
}

/**
 * Histograms of milliseconds as Prometheus counts them, in seconds. Made here, because prom-client's own
 * would have to be told of every request a second time.
 */
export function histogramSamples({ name, help, label, series }: HistogramFamily): MetricFamily {
  const values = Array.from(series, ([value, durations]) => {
    const own = label === null ? {} : { [label]: value };
    return [
      ...exponents.map((exponent) => ({
        metricName: `${name}_bucket`,
        labels: { ...own, le: `${2 ** exponent / 1000}` },
        value: durations.countBelow(exponent),
      })),
      { metricName: `${name}_bucket`, labels: { ...own, le: '+Inf' }, value: durations.count },
      { metricName: `${name}_sum`, labels: own, value: durations.sum / 1000 },
      { metricName: `${name}_count`, labels: own, value: durations.count },
    ];
  });
  return { name, help, type: 'histogram', aggregator: 'sum', values: values.flat() };
}
