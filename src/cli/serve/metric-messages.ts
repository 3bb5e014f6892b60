import { z } from 'zod';
import { metricSnapshot } from '../../platform/telemetry/metrics/metric-snapshot.ts';

// The messages about `/metrics` between workers and the primary process. A response repeats the id of its
// request.

/** Sent by a worker to request the metrics of all workers. */
export const clusterRequest = z.object({ metrics: z.literal('clusterRequest'), id: z.number() });

/** Sent by the primary to request the metrics of one worker. */
export const workerRequest = z.object({ metrics: z.literal('workerRequest'), id: z.number() });

/** Sent by a worker with its own metrics. */
export const workerResponse = z.object({
  metrics: z.literal('workerResponse'),
  id: z.number(),
  snapshot: metricSnapshot,
});

/** Sent by the primary with the metrics of all workers in Prometheus' text format. */
export const clusterResponse = z.object({
  metrics: z.literal('clusterResponse'),
  id: z.number(),
  text: z.string(),
});
