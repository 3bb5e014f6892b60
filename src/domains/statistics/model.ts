/** What `operations` is answered with: whose fields are read only where they are asked for. */
export interface Operations {
  /** From when on back periods are counted. */
  readonly askedAt: Date;
}

/** A kind of statement and how long it takes; counts end at what a GraphQL Int can hold. */
export interface SlowQuery {
  /** Without values, at most 200 characters. */
  readonly query: string;
  readonly calls: number;
  readonly meanMs: number;
  readonly maxMs: number;
  readonly totalMs: number;
  readonly rows: number;
  /** Null where it needed nothing of any table. */
  readonly cacheHitRate: number | null;
  /** Whether it takes longer than a statement may, called often enough to tell. */
  readonly isSlow: boolean;
  /** Why it is slow; null where it is not. */
  readonly advice: string | null;
}

/** How large a table is; rows are PostgreSQL's estimates. */
export interface TableStatistics {
  readonly name: string;
  readonly rows: number;
  readonly deadRows: number;
  readonly sizeBytes: number;
  readonly indexBytes: number;
  readonly lastVacuumAt: Date | null;
  readonly lastAnalyzeAt: Date | null;
}

/** How much an index is used. */
export interface IndexStatistics {
  readonly name: string;
  readonly table: string;
  readonly scans: number;
  readonly sizeBytes: number;
  readonly isUnique: boolean;
  readonly isUnused: boolean;
  readonly advice: string | null;
}

/** What people did on one day. */
export interface DailyActivity {
  /** Midnight in UTC, when the day began. */
  readonly date: Date;
  readonly activeUsers: number;
  readonly newUsers: number;
  readonly conversations: number;
  readonly messages: number;
  readonly signIns: number;
}

/** How much a tenant has and does. */
export interface TenantActivity {
  readonly slug: string;
  readonly members: number;
  readonly activeSessions: number;
  readonly conversations: number;
  readonly messages: number;
  readonly messagesToday: number;
  readonly messagesOfLast30Days: number;
}

/** Something that was found in the database. A warning needs a person, a note does not. */
export interface Finding {
  readonly kind: string;
  readonly severity: 'warning' | 'note';
  readonly subject: string;
  readonly finding: string;
  readonly advice: string;
}

/** Who is connected, and doing what. */
export interface ConnectionGroup {
  readonly application: string;
  readonly state: string;
  readonly connections: number;
  /** How long the oldest of them has been in its state, in seconds. */
  readonly longestSeconds: number;
}

/** A statement that waits for a lock which another connection holds. */
export interface BlockedStatement {
  readonly processId: number;
  readonly blockedBy: readonly number[];
  readonly waitingSeconds: number;
  readonly query: string;
}

/** How full and how busy the server is with connections. */
export interface ConnectionStatistics {
  readonly connectionsMax: number;
  readonly connections: number;
  readonly longestTransactionSeconds: number;
  readonly longestIdleInTransactionSeconds: number;
  readonly groups: readonly ConnectionGroup[];
  readonly blocked: readonly BlockedStatement[];
}

/** Who could come in. */
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
  /** Since when the oldest could have been removed; null where there is none. */
  readonly dueSince: Date | null;
}

/** Rows of a table that the clean-up has removed. */
export interface RemovedRows {
  readonly table: string;
  readonly rows: number;
}
