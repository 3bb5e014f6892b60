/** The parent of the `operations` fields, each of which is loaded only if selected. */
export interface Operations {
  /** The end of the periods that are counted. */
  readonly askedAt: Date;
}

/** A kind of statement and its durations; counts are capped at the maximum of a GraphQL Int. */
export interface SlowQuery {
  /** The statement without values, at most 200 characters. */
  readonly query: string;
  readonly calls: number;
  readonly meanMs: number;
  readonly maxMs: number;
  readonly totalMs: number;
  readonly rows: number;
  /** Null if it read no table. */
  readonly cacheHitRate: number | null;
  /** True if it is slower than the threshold over enough calls. */
  readonly isSlow: boolean;
  /** The likely reason of the slowness; null for a fast statement. */
  readonly advice: string | null;
}

/** The size of a table; rows are PostgreSQL's estimates. */
export interface TableStatistics {
  readonly name: string;
  readonly rows: number;
  readonly deadRows: number;
  readonly sizeBytes: number;
  readonly indexBytes: number;
  readonly lastVacuumAt: Date | null;
  readonly lastAnalyzeAt: Date | null;
}

/** The usage of an index. */
export interface IndexStatistics {
  readonly name: string;
  readonly table: string;
  readonly scans: number;
  readonly sizeBytes: number;
  readonly isUnique: boolean;
  readonly isUnused: boolean;
  readonly advice: string | null;
}

/** The activity of a day. */
export interface DailyActivity {
  /** Midnight in UTC at the beginning of the day. */
  readonly date: Date;
  readonly activeUsers: number;
  readonly newUsers: number;
  readonly conversations: number;
  readonly messages: number;
  readonly signIns: number;
}

/** The size and activity of a tenant. */
export interface TenantActivity {
  readonly slug: string;
  readonly members: number;
  readonly activeSessions: number;
  readonly conversations: number;
  readonly messages: number;
  readonly messagesToday: number;
  readonly messagesOfLast30Days: number;
}

/** A finding about the database; a warning requires action, a note does not. */
export interface Finding {
  readonly kind: string;
  readonly severity: 'warning' | 'note';
  readonly subject: string;
  readonly finding: string;
  readonly advice: string;
}

/** Database connections by client and state. */
export interface ConnectionGroup {
  readonly application: string;
  readonly state: string;
  readonly connections: number;
  /** The age of the oldest state among them, in seconds. */
  readonly longestSeconds: number;
}

/** A statement that waits for a lock which another connection holds. */
export interface BlockedStatement {
  readonly processId: number;
  readonly blockedBy: readonly number[];
  readonly waitingSeconds: number;
  readonly query: string;
}

/** The connection usage of the database server. */
export interface ConnectionStatistics {
  readonly connectionsMax: number;
  readonly connections: number;
  readonly longestTransactionSeconds: number;
  readonly longestIdleInTransactionSeconds: number;
  readonly groups: readonly ConnectionGroup[];
  readonly blocked: readonly BlockedStatement[];
}

/** Counts of valid credentials. */
export interface CredentialStatistics {
  readonly liveSessions: number;
  readonly sessionsOfToday: number;
  readonly liveApiKeys: number;
  readonly apiKeysUsedToday: number;
}

/** Rows of a table that the clean-up will remove. */
export interface ExpiredRows {
  readonly table: string;
  readonly rows: number;
  /** The time at which the oldest row expired; null if there is none. */
  readonly dueSince: Date | null;
}

/** Rows of a table that the clean-up has removed. */
export interface RemovedRows {
  readonly table: string;
  readonly rows: number;
}
