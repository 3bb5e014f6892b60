import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricRegistry, Sample } from './metric-registry.ts';

const resolutionMs = 20;

/** Adds the metrics of the process, named as in prom-client; the returned function stops the measurement. */
export function addProcessMetrics(metrics: MetricRegistry, version: string): () => void {
  metrics.gauge({
    name: 'parley_build_info',
    help: 'Always 1; the labels have the versions.',
    labels: ['version', 'node'],
    together: 'max',
    read: () => [[{ version, node: process.version }, 1]],
  });
  metrics.counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time in seconds.',
    read: () => [plain((process.cpuUsage().user + process.cpuUsage().system) / 1e6)],
  });
  metrics.gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the process in seconds since the epoch.',
    together: 'apart',
    read: () => [plain(performance.timeOrigin / 1000)],
  });
  metrics.gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size in bytes.',
    together: 'apart',
    read: () => [plain(process.memoryUsage.rss())],
  });
  metrics.gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Used size of the JavaScript heap in bytes.',
    together: 'apart',
    read: () => [plain(process.memoryUsage().heapUsed)],
  });
  return addEventLoopDelay(metrics);
}

/** Measures the delay since the last scrape, so of several regular scrapers each would see a part. */
function addEventLoopDelay(metrics: MetricRegistry): () => void {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  metrics.gauge({
    name: 'parley_event_loop_delay_seconds',
    help: 'Delay of the event loop since the last scrape.',
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
