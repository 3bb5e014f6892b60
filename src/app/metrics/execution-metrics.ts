import type { ExecutionStatistics } from '../../execution/execution-counts.ts';
import type { MetricRegistry, Sample } from '../../platform/telemetry/metrics/metric-registry.ts';

/** Counts of executed operations. */
export interface CountedExecutions {
  statistics(): ExecutionStatistics;
}

/**
 * Adds counters by executor, because an operation that falls back to graphql-js still gives the right answer,
 * but slowly.
 */
export function addExecutionMetrics(metrics: MetricRegistry, executions: CountedExecutions): void {
  metrics.counter({
    name: 'parley_executions_total',
    help: 'Operations by executor: the level executor (fast), graphql-js (unplanned) or graphql-js after the level executor (handed_over), with the reason.',
    labels: ['way', 'reason'],
    read() {
      const { fast, notPlannable, bailedOut } = executions.statistics();
      const sampled = (way: string, counts: Readonly<Record<string, number>>) =>
        Object.entries(counts).map(([reason, count]): Sample => [{ way, reason }, count]);
      return [
        ...sampled('fast', { '': fast }),
        ...sampled('unplanned', notPlannable),
        ...sampled('handed_over', bailedOut),
      ];
    },
  });
}
