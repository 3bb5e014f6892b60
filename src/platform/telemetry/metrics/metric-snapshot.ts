import { AggregatorRegistry } from 'prom-client';
import { z } from 'zod';

const metricFamily = z.object({
  name: z.string(),
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram']),
  /** The aggregation of numbers of several processes with the same labels. */
  aggregator: z.enum(['sum', 'min', 'max']),
  values: z.array(
    z.object({
      /** The name of this series of a histogram. */
      metricName: z.string().optional(),
      labels: z.record(z.string(), z.union([z.string(), z.number()])),
      value: z.number(),
    }),
  ),
});

/** The schema of all metrics of a process at one moment, as sent to another process. */
export const metricSnapshot = z.array(metricFamily);

/** All series of one metric. */
export type MetricFamily = z.output<typeof metricFamily>;

/** @see metricSnapshot */
export type MetricSnapshot = readonly MetricFamily[];

/** Aggregates the metrics of several processes. */
export function addUp(snapshots: readonly MetricSnapshot[]): MetricSnapshot {
  return metricSnapshot.parse(AggregatorRegistry.aggregate([...snapshots]).getMetricsAsArray());
}

/** Selects the metrics that only increase, and so remain valid after the process has exited. */
export function countersOf(snapshot: MetricSnapshot): MetricSnapshot {
  return snapshot.filter(({ type }) => type !== 'gauge');
}

/** Formats a snapshot in Prometheus' text format. */
export async function snapshotText(snapshot: MetricSnapshot): Promise<string> {
  return await AggregatorRegistry.aggregate([snapshot]).metrics();
}
