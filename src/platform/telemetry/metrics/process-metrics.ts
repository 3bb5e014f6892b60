import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricRegistry, Sample } from './metric-registry.ts';

const resolutionMs = 20;

/**
 * Adds what can be said of any process; the returned function ends the measurement. Names are those of
 * prom-client.
 */
export function addProcessMetrics(metrics: MetricRegistry, version: string): () => void {
  metrics.gauge({
    name: 'parley_build_info',
    help: 'Always 1; the labels say what runs.',
    labels: ['version', 'node'],
    together: 'max',
    read: () => [[{ version, node: process.version }, 1]],
  });
  metrics.counter({
    name: 'process_cpu_seconds_total',
    help: 'Time on a processor, in seconds.',
    read: () => [plain((process.cpuUsage().user + process.cpuUsage().system) / 1e6)],
  });
  metrics.gauge({
    name: 'process_start_time_seconds',
    help: 'When the process started, in seconds since the epoch.',
    together: 'apart',
    read: () => [plain(performance.timeOrigin / 1000)],
  });
  metrics.gauge({
    name: 'process_resident_memory_bytes',
    help: 'Memory that the system has given to the process.',
    together: 'apart',
    read: () => [plain(process.memoryUsage.rss())],
  });
  metrics.gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: "Memory that JavaScript's values take.",
    together: 'apart',
    read: () => [plain(process.memoryUsage().heapUsed)],
  });
  return addEventLoopDelay(metrics);
}

/** Of the time since it was asked last: more than one who asks regularly would each see a part. */
function addEventLoopDelay(metrics: MetricRegistry): () => void {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  metrics.gauge({
    name: 'parley_event_loop_delay_seconds',
    help: 'How late the event loop was since this was asked last.',
    labels: ['statistic'],
    together: 'apart',
    read() {
      const lateSeconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolutionMs) / 1000;
      const samples: Sample[] = [
        [{ statistic: 'p50' }, lateSeconds(histogram.percentile(50))],
        [{ statistic: 'p99' }, lateSeconds(histogram.percentile(99))],
        [{ statistic: 'max' }, lateSeconds(histogram.max)],
      ];
      histogram.reset();
      return samples;
    },
  });
  return () => histogram.disable();
}

function plain(value: number): Sample {
  return [{}, value];
}
