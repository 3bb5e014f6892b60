import { z } from 'zod';
import { metricSnapshot } from '../../platform/telemetry/metrics/metric-snapshot.ts';

// What workers and the process that started them say to each other about `/metrics`. Each question has a
// number of its own, which its answer repeats.

/** From a worker: it was asked for the numbers of all. */
export const wanted = z.object({ metrics: z.literal('wanted'), question: z.number() });

/** To each worker: it is to tell its own. */
export const asked = z.object({ metrics: z.literal('asked'), question: z.number() });

/** From each worker: here they are. */
export const told = z.object({
  metrics: z.literal('told'),
  question: z.number(),
  snapshot: metricSnapshot,
});

/** To the worker that wanted them: those of all, in Prometheus' text format. */
export const gathered = z.object({ metrics: z.literal('gathered'), question: z.number(), text: z.string() });
