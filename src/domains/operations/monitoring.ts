import type { CacheRegistry } from '../../caching/cache-registry.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { PoolState } from '../../platform/postgres/pool/pool-state.ts';
import { oneLine } from '../../platform/telemetry/one-line.ts';
import type { Histogram } from '../../platform/telemetry/metrics/histogram.ts';
import { RequestCounts } from '../../platform/telemetry/request-stats.ts';
import type { Telemetry } from '../../platform/telemetry/metrics/telemetry.ts';
import type {
  CacheStatistics,
  ConnectionPoolStatistics,
  DatabaseLoad,
  ExecutionCount,
  ExecutionStatistics,
  IdentitySyncStatistics,
  OperationStatistics,
  Percentiles,
  RequestStatistics,
  StatementKindStatistics,
} from './model.ts';

/** The maximum of a GraphQL Int. */
const countMax = 2_147_483_647;

type CountsByReason = Readonly<Record<string, number>>;

/** The statistics of this process. */
export type Monitoring = ReturnType<typeof createMonitoring>;

/** Creates the statistics that this process holds in memory. */
export function createMonitoring(options: {
  readonly caches: CacheRegistry;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly pool: {
    readonly profile: string;
    readonly steadySize: number;
    readonly overflowSize: number;
    state(): PoolState;
  };
  /** Operations by executor and reason. */
  readonly executions: () => {
    readonly fast: number;
    readonly notPlannable: CountsByReason;
    readonly bailedOut: CountsByReason;
  };
  /** Distinguishes this process from others. */
  readonly process: string;
  /** Counted since the process started. */
  readonly identitySync: () => Omit<IdentitySyncStatistics, 'skipRate'>;
}) {
  const { caches, clock, telemetry, pool } = options;
  const startedAt = clock.now();

  return {
    process: () => options.process,

    uptimeMs: () => clock.now() - startedAt,

    caches(): readonly CacheStatistics[] {
      return caches.statistics().map(({ entriesMax, ttlMs, stores: _stores, ...cache }) => ({
        ...cache,
        hits: countOf(cache.hits),
        misses: countOf(cache.misses),
        staleServed: countOf(cache.staleServed),
        coalesced: countOf(cache.coalesced),
        evictions: countOf(cache.evictions),
        invalidations: countOf(cache.invalidations),
        errors: countOf(cache.errors),
        ttlSeconds: Math.round(ttlMs / 1000),
        maxEntries: entriesMax,
      }));
    },

    /** Statistics of the last `minutes`, including the current one. */
    requests(minutes: number): RequestStatistics {
      const byName = telemetry.requests.window(minutes);
      const all = new RequestCounts();
      for (const counts of byName.values()) all.add(counts);
      const seconds = Math.min(clock.now() - startedAt, minutes * 60_000) / 1000;
      return {
        count: countOf(all.count),
        errors: countOf(all.byOutcome.failed),
        perSecond: all.count / Math.max(1, seconds),
        ...percentilesOf(all.durations),
        slow: countOf(all.slow),
        verySlow: countOf(all.verySlow),
        byOperation: Array.from(byName, ([name, counts]) => operationFrom(name, counts)).toSorted(
          (left, right) => right.count - left.count,
        ),
      };
    },

    databaseLoad(): DatabaseLoad {
      const { answered } = telemetry.cacheReads;
      const { forRequests, forAuthentication } = telemetry.sent;
      const all = telemetry.statements.all();
      return {
        statementsPerRequest: ratio(forRequests, telemetry.requestCount),
        statementsPerAuthentication: ratio(forAuthentication, telemetry.authenticationCount),
        statementsSavedByCaches: countOf(answered),
        reduction: ratio(answered, answered + forRequests),
        statements: { count: countOf(all.count), p50Ms: all.p50Ms, p95Ms: all.p95Ms, p99Ms: all.p99Ms },
      };
    },

    /** Statements by total duration, longest first. */
    statements(limit: number): readonly StatementKindStatistics[] {
      return telemetry.statements
        .byText()
        .slice(0, limit)
        .map(({ text, ...times }) => ({
          ...times,
          count: countOf(times.count),
          failed: countOf(times.failed),
          statement: text === null ? null : oneLine(text),
        }));
    },

    connectionPool(): ConnectionPoolStatistics {
      const { profile, steadySize, overflowSize } = pool;
      const state = pool.state();
      const utilization = state.inUse / (steadySize + overflowSize);
      return { profile, size: steadySize, overflow: overflowSize, ...state, utilization };
    },

    executions(): ExecutionStatistics {
      const { fast, notPlannable, bailedOut } = options.executions();
      return { fast: countOf(fast), unplanned: byCount(notPlannable), handedOver: byCount(bailedOut) };
    },

    identitySync(): IdentitySyncStatistics {
      const counts = options.identitySync();
      return { ...counts, skipRate: ratio(counts.skipped, counts.attempted) };
    },
  };
}

function operationFrom(operationName: string, counts: RequestCounts): OperationStatistics {
  return {
    operationName,
    count: countOf(counts.count),
    errors: countOf(counts.byOutcome.failed),
    ...percentilesOf(counts.durations),
    statementsPerRequest: ratio(counts.statements, counts.count),
  };
}

function byCount(counts: CountsByReason): ExecutionCount[] {
  return Object.entries(counts)
    .map(([reason, count]) => ({ reason, count: countOf(count) }))
    .toSorted((left, right) => right.count - left.count);
}

function percentilesOf(durations: Histogram): Percentiles {
  return {
    p50Ms: durations.quantile(0.5),
    p95Ms: durations.quantile(0.95),
    p99Ms: durations.quantile(0.99),
  };
}

function countOf(count: number): number {
  return Math.min(count, countMax);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
