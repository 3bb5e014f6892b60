import type { ExecutionStatistics } from '../../execution/execution-counts.ts';
import type { MetricRegistry, Sample } from '../../platform/telemetry/metrics/metric-registry.ts';

/** How operations were run. */
export interface CountedExecutions {
  statistics(): ExecutionStatistics;
}

/** Tells Prometheus how operations were run: those that became slow give right answers, too. */
export function addExecutionMetrics(metrics: MetricRegistry, executions: CountedExecutions): void {
  metrics.counter({
    name: 'parley_executions_total',
    help: 'Operations by what ran them: the level executor alone (fast), graphql-js alone (unplanned) or it after the other (handed_over), and why.',
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
