/** What warming brought into one cache. */
export interface CacheWarming {
  readonly cache: string;
  /** Entries that were read from the database; those that the cache had already are not counted. */
  readonly loaded: number;
}

/** Loads all that a cache holds, where that is little; answers how many entries it read. */
export interface Warmer {
  readonly cache: string;
  warm(): Promise<number>;
}

/** Loads what a cache holds of people, in a number of statements that does not grow with theirs. */
export interface PeopleWarmer {
  readonly cache: string;
  /** What is loaded beyond this pushes out what was loaded before it. */
  readonly entriesMax: number;
  /** At most `entriesMax` entries; answers how many it read. */
  warm(userIds: readonly string[], entriesMax: number): Promise<number>;
}

/** How well something is. */
export type HealthStatus = 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY';

/** How well one part is that the server needs. */
export interface ComponentHealth {
  readonly name: string;
  readonly status: HealthStatus;
  readonly message: string | null;
  /** Null where no question was asked that could take time. */
  readonly latencyMs: number | null;
}

/** How well the server is. */
export interface Health {
  readonly status: HealthStatus;
  readonly components: readonly ComponentHealth[];
  readonly uptimeSeconds: number;
  readonly version: string;
}

/** What a cache did since the process started; counts end at what a GraphQL Int can hold. */
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

/** How long things took, in milliseconds, to about a tenth. */
export interface Percentiles {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** What requests of one name did. */
export interface OperationStatistics extends Percentiles {
  readonly operationName: string;
  readonly count: number;
  readonly errors: number;
  readonly statementsPerRequest: number;
}

/** What requests did in the last minutes. */
export interface RequestStatistics extends Percentiles {
  readonly count: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly slow: number;
  readonly verySlow: number;
  readonly byOperation: readonly OperationStatistics[];
}

/** How often statements were sent and how long they took. */
interface StatementStatistics extends Percentiles {
  readonly count: number;
}

/** The same for one kind of statement. */
export interface StatementKindStatistics extends StatementStatistics {
  /** Without values, at most 200 characters; null for all kinds that are not kept apart. */
  readonly statement: string | null;
  readonly failed: number;
  readonly totalMs: number;
}

/** What requests cost the database since the process started. */
export interface DatabaseLoad {
  readonly statementsPerRequest: number;
  readonly statementsPerAuthentication: number;
  readonly statementsSavedByCaches: number;
  readonly reduction: number;
  readonly statements: StatementStatistics;
}

/** How busy the process's connections to the database are. */
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

/** What synchronising with the identity provider did since the process started. */
export interface IdentitySyncStatistics {
  readonly attempted: number;
  readonly performed: number;
  readonly skipped: number;
  readonly created: number;
  readonly failed: number;
  readonly staleServed: number;
  readonly skipRate: number;
}

/** How many operations were run in one way for one reason. */
export interface ExecutionCount {
  readonly reason: string;
  readonly count: number;
}

/** How operations were run since the process started; reasons that came up most often first. */
export interface ExecutionStatistics {
  /** By the level executor alone. */
  readonly fast: number;
  /** By graphql-js alone. */
  readonly unplanned: readonly ExecutionCount[];
  /** Begun by the level executor and finished by graphql-js. */
  readonly handedOver: readonly ExecutionCount[];
}
