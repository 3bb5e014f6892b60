import { AggregatorRegistry } from 'prom-client';
import { z } from 'zod';

const metricFamily = z.object({
  name: z.string(),
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram']),
  /** How numbers of several processes with the same labels become one. */
  aggregator: z.enum(['sum', 'min', 'max']),
  values: z.array(
    z.object({
      /** Of a histogram: the name of this one of its series. */
      metricName: z.string().optional(),
      labels: z.record(z.string(), z.union([z.string(), z.number()])),
      value: z.number(),
    }),
  ),
});

/** What a process had counted and measured at one moment, in a form that can be sent to another one. */
export const metricSnapshot = z.array(metricFamily);

/** All series of one metric. */
export type MetricFamily = z.output<typeof metricFamily>;

/** @see metricSnapshot */
export type MetricSnapshot = readonly MetricFamily[];

/** What several processes have counted and measured together. */
export function addUp(snapshots: readonly MetricSnapshot[]): MetricSnapshot {
  return metricSnapshot.parse(AggregatorRegistry.aggregate([...snapshots]).getMetricsAsArray());
}

/** What only grows, and so stays true of a process that has ended. */
export function countersOf(snapshot: MetricSnapshot): MetricSnapshot {
  return snapshot.filter(({ type }) => type !== 'gauge');
}

/** In Prometheus' text format. */
export async function snapshotText(snapshot: MetricSnapshot): Promise<string> {
  return await AggregatorRegistry.aggregate([snapshot]).metrics();
}
