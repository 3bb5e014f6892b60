import { addCacheMetrics } from './cache-metrics.ts';
import type { Config } from '../config/config.ts';
import type { Monitoring } from '../../domains/operations/monitoring.ts';
import type { CacheRegistry } from '../../caching/cache-registry.ts';
import { addLiveMetrics } from './live-metrics.ts';
import { addExecutionMetrics, type CountedExecutions } from './execution-metrics.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { MetricRegistry, type Sample } from '../../platform/telemetry/metrics/metric-registry.ts';
import { snapshotText, type MetricSnapshot } from '../../platform/telemetry/metrics/metric-snapshot.ts';
import { addProcessMetrics } from '../../platform/telemetry/metrics/process-metrics.ts';
import type { Telemetry } from '../../platform/telemetry/metrics/telemetry.ts';
import type { SharedCounters } from '../../platform/security/shared-attempt-limiter.ts';
import { readVersion } from '../../platform/runtime/version.ts';

/** The workers of one port, whose metrics are reported as those of one process. */
export interface WorkerCluster {
  /** The number of this worker. */
  readonly worker: string;
  /**
   * Shares the metrics of this worker; the returned function loads those of all workers in Prometheus' text
   * format.
   */
  share(own: () => Promise<MetricSnapshot>): () => Promise<string>;
}

interface MetricsOptions {
  /** Null for a single process. */
  readonly cluster: WorkerCluster | null;
  readonly telemetry: Telemetry;
  readonly registry: CacheRegistry;
  readonly config: Pick<Config, 'database'>;
  readonly database: Pick<Database, 'poolState'>;
  readonly coherence: {
    readonly isTrusted: boolean;
    readonly counts: { readonly joined: number; readonly settled: number; readonly unconfirmed: number };
  };
  readonly executions: CountedExecutions;
  readonly live: Parameters<typeof addLiveMetrics>[1];
  readonly services: { readonly monitoring: Pick<Monitoring, 'identitySync'> };
  /** The store that caches share with other processes; null without such a store. */
  readonly sharing: { readonly shared: { readonly counters: SharedCounters } | null };
}

/** Creates the metrics for Prometheus, of all workers; `stop` ends the measurements that only they need. */
export function createMetrics(options: MetricsOptions) {
  const metrics = new MetricRegistry(options.cluster?.worker ?? null);
  const stop = addProcessMetrics(metrics, readVersion());
  addRequestMetrics(metrics, options.telemetry);
  addExecutionMetrics(metrics, options.executions);
  addStatementMetrics(metrics, options.telemetry);
  addCacheMetrics(metrics, options);
  addPoolMetrics(metrics, options);
  addCoherenceMetrics(metrics, options);
  addLiveMetrics(metrics, options.live);
  const own = () => metrics.snapshot();
  const text = options.cluster?.share(own) ?? (async () => snapshotText(await own()));
  return { contentType: metrics.contentType, text, stop };
}

function addRequestMetrics(metrics: MetricRegistry, { requests, errorsByCode }: Telemetry): void {
  metrics.counter({
    name: 'parley_requests_total',
    help: 'Requests by operation and outcome: answered, rejected or failed.',
    labels: ['operation', 'outcome'],
    read: () =>
      Array.from(requests.total(), ([operation, { byOutcome }]) =>
        Object.entries(byOutcome).map(([outcome, count]): Sample => [{ operation, outcome }, count]),
      ).flat(),
  });
  metrics.counter({
    name: 'parley_request_statements_total',
    help: 'Statements sent for requests, by operation.',
    labels: ['operation'],
    read: () =>
      Array.from(requests.total(), ([operation, { statements }]): Sample => [{ operation }, statements]),
  });
  metrics.counter({
    name: 'parley_slow_requests_total',
    help: 'Requests that took longer than SLOW_REQUEST_MS or VERY_SLOW_REQUEST_MS.',
    labels: ['slowness'],
    read() {
      const all = [...requests.total().values()];
      const sum = (slowness: 'slow' | 'verySlow') =>
        all.reduce((total, counts) => total + counts[slowness], 0);
      return [
        [{ slowness: 'slow' }, sum('slow')],
        [{ slowness: 'very_slow' }, sum('verySlow')],
      ];
    },
  });
  addRequestErrors(metrics, errorsByCode);
  metrics.histogram(() => ({
    name: 'parley_request_duration_seconds',
    help: 'Duration of requests, by operation.',
    label: 'operation',
    series: Array.from(requests.total(), ([operation, { durations }]) => [operation, durations] as const),
  }));
}

function addRequestErrors(metrics: MetricRegistry, errorsByCode: Telemetry['errorsByCode']): void {
  metrics.counter({
    name: 'parley_errors_total',
    help: 'Requests with an error, by the code of the first error.',
    labels: ['code'],
    read: () => Array.from(errorsByCode, ([code, count]): Sample => [{ code }, count]),
  });
}

function addStatementMetrics(metrics: MetricRegistry, telemetry: Telemetry): void {
  metrics.counter({
    name: 'parley_statements_total',
    help: 'Statements sent to PostgreSQL, by purpose.',
    labels: ['purpose'],
    read() {
      const { forAuthentication, inBackground, forRequests } = telemetry.sent;
      return [
        [{ purpose: 'authentication' }, forAuthentication],
        [{ purpose: 'request' }, forRequests - forAuthentication],
        [{ purpose: 'background' }, inBackground],
      ];
    },
  });
  metrics.counter({
    name: 'parley_authentications_total',
    help: 'Requests with an accepted credential.',
    read: () => [[{}, telemetry.authenticationCount]],
  });
  metrics.counter({
    name: 'parley_slow_statements_total',
    help: 'Statements that took longer than SLOW_QUERY_THRESHOLD_MS.',
    read: () => [[{}, telemetry.slowQueries.count]],
  });
  metrics.counter({
    name: 'parley_failed_statements_total',
    help: 'Statements that failed.',
    read: () => [[{}, telemetry.statements.all().failed]],
  });
  metrics.histogram(() => ({
    name: 'parley_statement_duration_seconds',
    help: 'Duration of statements.',
    label: null,
    series: [['', telemetry.statements.all().durations]],
  }));
}

function addPoolMetrics(metrics: MetricRegistry, { config, database }: MetricsOptions): void {
  metrics.gauge({
    name: 'parley_pool_connections',
    help: 'Connections to PostgreSQL.',
    labels: ['state'],
    read() {
      const { inUse, idle } = database.poolState();
      return [
        [{ state: 'in_use' }, inUse],
        [{ state: 'idle' }, idle],
      ];
    },
  });
  metrics.gauge({
    name: 'parley_pool_connections_max',
    help: 'Maximum number of connections.',
    read: () => [[{}, config.database.steadySize + config.database.overflowSize]],
  });
  metrics.gauge({
    name: 'parley_pool_waiting',
    help: 'Requests waiting for a connection.',
    read: () => [[{}, database.poolState().waiting]],
  });
  metrics.counter({
    name: 'parley_pool_timeouts_total',
    help: 'Waits for a connection that timed out.',
    read: () => [[{}, database.poolState().timeouts]],
  });
}

function addCoherenceMetrics(
  metrics: MetricRegistry,
  { coherence, services, sharing: { shared } }: MetricsOptions,
): void {
  metrics.gauge({
    name: 'parley_coherence_trusted',
    help: '1 while caches are used, 0 while change notifications are not received.',
    together: 'min',
    read: () => [[{}, coherence.isTrusted ? 1 : 0]],
  });
  for (const [name, help] of [
    ['joined', 'Times that the process began to receive change notifications.'],
    ['settled', 'Writes that waited until every process had dropped the old value.'],
    ['unconfirmed', 'Writes for which this wait timed out.'],
  ] as const) {
    metrics.counter({
      name: `parley_coherence_${name}_total`,
      help,
      read: () => [[{}, coherence.counts[name]]],
    });
  }
  metrics.gauge({
    name: 'parley_redis_up',
    help: '1 while Redis responds; absent without Redis.',
    together: 'min',
    read: () => (shared === null ? [] : [[{}, shared.counters.session === null ? 0 : 1]]),
  });
  metrics.counter({
    name: 'parley_identity_syncs_total',
    help: 'Synchronizations of users with the identity provider, by result.',
    labels: ['result'],
    read() {
      const { performed, skipped, failed, staleServed } = services.monitoring.identitySync();
      const results = { performed, skipped, failed, stale_served: staleServed };
      return Object.entries(results).map(([result, count]): Sample => [{ result }, count]);
    },
  });
}
