/** The result of warming a cache. */
export interface CacheWarming {
  readonly cache: string;
  /** The number of entries read from the database, without those that were cached already. */
  readonly loaded: number;
}

/** Loads all entries of a small cache. */
export interface Warmer {
  readonly cache: string;
  warm(): Promise<number>;
}

/**
 * Loads the cache entries of users, in a number of statements that does not depend on the number of users.
 */
export interface PeopleWarmer {
  readonly cache: string;
  /** The capacity; more entries would evict earlier ones. */
  readonly entriesMax: number;
  /** Loads at most `entriesMax` entries and returns their number. */
  warm(userIds: readonly string[], entriesMax: number): Promise<number>;
}

/** A health status. */
export type HealthStatus = 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY';

/** The health of a component that the server depends on. */
export interface ComponentHealth {
  readonly name: string;
  readonly status: HealthStatus;
  readonly message: string | null;
  /** Null if nothing was measured. */
  readonly latencyMs: number | null;
}

/** The health of the server. */
export interface Health {
  readonly status: HealthStatus;
  readonly components: readonly ComponentHealth[];
  readonly uptimeSeconds: number;
  readonly version: string;
}

/** Counters of a cache since the process started, capped at the maximum of a GraphQL Int. */
export interface CacheStatistics {
  readonly name: string;
  readonly entries: number;
  readonly hits: number;
  readonly misses: number;
  readonly hitRate: number;
  readonly staleServed: number;
  readonly coalesced: number;
  readonly evictions: number;
  readonly invalidations: number;
  readonly errors: number;
  readonly ttlSeconds: number;
  readonly maxEntries: number;
  readonly store: string;
}

/** Duration percentiles in milliseconds, accurate to about 10 %. */
export interface Percentiles {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** Statistics of requests with one operation name. */
export interface OperationStatistics extends Percentiles {
  readonly operationName: string;
  readonly count: number;
  readonly errors: number;
  readonly statementsPerRequest: number;
}

/** Statistics of requests in the last minutes. */
export interface RequestStatistics extends Percentiles {
  readonly count: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly slow: number;
  readonly verySlow: number;
  readonly byOperation: readonly OperationStatistics[];
}

/** The number and duration of statements. */
interface StatementStatistics extends Percentiles {
  readonly count: number;
}

/** The same for one kind of statement. */
export interface StatementKindStatistics extends StatementStatistics {
  /** The statement without values, at most 200 characters; null for all other statements together. */
  readonly statement: string | null;
  readonly failed: number;
  readonly totalMs: number;
}

/** Database statistics since the process started. */
export interface DatabaseLoad {
  readonly statementsPerRequest: number;
  readonly statementsPerAuthentication: number;
  readonly statementsSavedByCaches: number;
  readonly reduction: number;
  readonly statements: StatementStatistics;
}

/** The state of the process's connection pool. */
export interface ConnectionPoolStatistics {
  readonly profile: string;
  readonly size: number;
  readonly overflow: number;
  readonly inUse: number;
  readonly idle: number;
  readonly waiting: number;
  readonly timeouts: number;
  readonly utilization: number;
}

/** Counters of identity synchronization since the process started. */
export interface IdentitySyncStatistics {
  readonly attempted: number;
  readonly performed: number;
  readonly skipped: number;
  readonly created: number;
  readonly failed: number;
  readonly staleServed: number;
  readonly skipRate: number;
}

/** The number of operations per executor and reason. */
export interface ExecutionCount {
  readonly reason: string;
  readonly count: number;
}

/** Operations by executor since the process started; the most frequent reasons first. */
export interface ExecutionStatistics {
  /** Operations run by the level executor alone. */
  readonly fast: number;
  /** Operations run by graphql-js alone. */
  readonly unplanned: readonly ExecutionCount[];
  /** Begun by the level executor and finished by graphql-js. */
  readonly handedOver: readonly ExecutionCount[];
}
