import { addCacheMetrics } from './cache-metrics.ts';
import type { Config } from '../config/config.ts';
import type { Monitoring } from '../../domains/operations/monitoring.ts';
import type { CacheRegistry } from '../../caching/cache-registry.ts';
import { addExecutionMetrics, type CountedExecutions } from './execution-metrics.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { MetricRegistry, type Sample } from '../../platform/telemetry/metrics/metric-registry.ts';
import { snapshotText, type MetricSnapshot } from '../../platform/telemetry/metrics/metric-snapshot.ts';
import { addProcessMetrics } from '../../platform/telemetry/metrics/process-metrics.ts';
import type { Telemetry } from '../../platform/telemetry/metrics/telemetry.ts';
import type { SharedCounters } from '../../platform/security/shared-attempt-limiter.ts';
import { readVersion } from '../../platform/runtime/version.ts';

/** Workers that answer on one port, and whose numbers are told as those of one process. */
export interface Siblings {
  /** What this one is called among them. */
  readonly worker: string;
  /** Tells this one's numbers whenever they are asked for. Answers how to ask for those of all, in Prometheus' text format. */
  share(own: () => Promise<MetricSnapshot>): () => Promise<string>;
}

interface MetricsOptions {
  /** Null where this process stands alone. */
  readonly siblings: Siblings | null;
  readonly telemetry: Telemetry;
  readonly registry: CacheRegistry;
  readonly config: Pick<Config, 'database'>;
  readonly database: Pick<Database, 'poolState'>;
  readonly coherence: {
    readonly isTrusted: boolean;
    readonly counts: { readonly joined: number; readonly settled: number; readonly unconfirmed: number };
  };
  readonly executions: CountedExecutions;
  readonly services: { readonly monitoring: Pick<Monitoring, 'identitySync'> };
  /** What caches have in common with other processes; null where that is nothing. */
  readonly sharing: { readonly shared: { readonly counters: SharedCounters } | null };
}

/** Everything that is told to Prometheus, of all workers; `stop` ends what is measured for it alone. */
export function createMetrics(options: MetricsOptions) {
  const metrics = new MetricRegistry(options.siblings?.worker ?? null);
  const stop = addProcessMetrics(metrics, readVersion());
  addRequestMetrics(metrics, options.telemetry);
  addExecutionMetrics(metrics, options.executions);
  addStatementMetrics(metrics, options.telemetry);
  addCacheMetrics(metrics, options);
  addPoolMetrics(metrics, options);
  addCoherenceMetrics(metrics, options);
  const own = () => metrics.snapshot();
  const text = options.siblings?.share(own) ?? (async () => snapshotText(await own()));
  return { contentType: metrics.contentType, text, stop };
}

function addRequestMetrics(metrics: MetricRegistry, { requests, errorsByCode }: Telemetry): void {
  metrics.counter({
    name: 'parley_requests_total',
    help: 'Requests by operation and by whether they were answered, refused or failed.',
    labels: ['operation', 'outcome'],
    read: () =>
      Array.from(requests.total(), ([operation, { byOutcome }]) =>
        Object.entries(byOutcome).map(([outcome, count]): Sample => [{ operation, outcome }, count]),
      ).flat(),
  });
  metrics.counter({
    name: 'parley_request_statements_total',
    help: 'Statements that requests sent, by operation.',
    labels: ['operation'],
    read: () =>
      Array.from(requests.total(), ([operation, { statements }]): Sample => [{ operation }, statements]),
  });
  metrics.counter({
    name: 'parley_slow_requests_total',
    help: 'Requests that took longer than SLOW_REQUEST_MS, or VERY_SLOW_REQUEST_MS.',
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
    help: 'How long requests took, by operation.',
    label: 'operation',
    series: Array.from(requests.total(), ([operation, { durations }]) => [operation, durations] as const),
  }));
}

function addRequestErrors(metrics: MetricRegistry, errorsByCode: Telemetry['errorsByCode']): void {
  metrics.counter({
    name: 'parley_errors_total',
    help: 'Requests with an error, by the code of the first one.',
    labels: ['code'],
    read: () => Array.from(errorsByCode, ([code, count]): Sample => [{ code }, count]),
  });
}

function addStatementMetrics(metrics: MetricRegistry, telemetry: Telemetry): void {
  metrics.counter({
    name: 'parley_statements_total',
    help: 'Statements sent to PostgreSQL, by what for.',
    labels: ['purpose'],
    read() {
      const { forAuthentication, forNobody, forRequests } = telemetry.sent;
      return [
        [{ purpose: 'authentication' }, forAuthentication],
        [{ purpose: 'request' }, forRequests - forAuthentication],
        [{ purpose: 'background' }, forNobody],
      ];
    },
  });
  metrics.counter({
    name: 'parley_authentications_total',
    help: 'Requests whose credential was accepted.',
    read: () => [[{}, telemetry.authenticationCount]],
  });
  metrics.counter({
    name: 'parley_slow_statements_total',
    help: 'Statements that took longer than SLOW_QUERY_THRESHOLD_MS.',
    read: () => [[{}, telemetry.slowQueries.count]],
  });
  metrics.counter({
    name: 'parley_failed_statements_total',
    help: 'Statements that PostgreSQL refused or did not answer.',
    read: () => [[{}, telemetry.statements.all.failed]],
  });
  metrics.histogram(() => ({
    name: 'parley_statement_duration_seconds',
    help: 'How long statements took.',
    label: null,
    series: [['', telemetry.statements.histogram]],
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
    help: 'Connections that there may be.',
    read: () => [[{}, config.database.steadySize + config.database.overflowSize]],
  });
  metrics.gauge({
    name: 'parley_pool_waiting',
    help: 'Those who wait for a connection.',
    read: () => [[{}, database.poolState().waiting]],
  });
  metrics.counter({
    name: 'parley_pool_timeouts_total',
    help: 'How often no connection was free in time.',
    read: () => [[{}, database.poolState().timeouts]],
  });
}

function addCoherenceMetrics(
  metrics: MetricRegistry,
  { coherence, services, sharing: { shared } }: MetricsOptions,
): void {
  metrics.gauge({
    name: 'parley_coherence_trusted',
    help: '1 while caches may answer, 0 while changes are not heard of.',
    together: 'min',
    read: () => [[{}, coherence.isTrusted ? 1 : 0]],
  });
  for (const [name, help] of [
    ['joined', 'How often the process began to hear of changes.'],
    ['settled', 'Writes that waited until all processes knew of them.'],
    ['unconfirmed', 'Those for which the wait had to run out.'],
  ] as const) {
    metrics.counter({
      name: `parley_coherence_${name}_total`,
      help,
      read: () => [[{}, coherence.counts[name]]],
    });
  }
  metrics.gauge({
    name: 'parley_redis_up',
    help: 'Whether Redis answers; absent where there is none.',
    together: 'min',
    read: () => (shared === null ? [] : [[{}, shared.counters.session === null ? 0 : 1]]),
  });
  metrics.counter({
    name: 'parley_identity_syncs_total',
    help: 'What became of questions whether a person is up to date.',
    labels: ['result'],
    read() {
      const { performed, skipped, failed, staleServed } = services.monitoring.identitySync();
      const results = { performed, skipped, failed, stale_served: staleServed };
      return Object.entries(results).map(([result, count]): Sample => [{ result }, count]);
    },
  });
}
