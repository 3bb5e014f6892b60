/** The time limits of a database and its pool, in milliseconds. */
export interface DatabaseTimeouts {
  /** For opening a connection, and for waiting for one while none is handed out at all. */
  readonly connectMs: number;
  /** For waiting for a connection while others are served. */
  readonly waitMaxMs: number;
  /** After which PostgreSQL cancels a statement. */
  readonly statementMs: number;
  /** After which PostgreSQL stops waiting for a lock. */
  readonly lockMs: number;
  /** The idle time after which a connection is checked before it is used. */
  readonly checkAfterIdleMs: number;
  /** For the response to a check. */
  readonly checkMs: number;
  /** The idle time after which connections beyond the steady size are closed. */
  readonly idleMs: number;
  /** After which a connection is replaced. */
  readonly lifetimeMs: number;
  /** For a response or a new connection, before the database is probed. */
  readonly patienceMs: number;
  /** For the response to a probe. */
  readonly probeMs: number;
}

/** The limits for a server: while no connection is released, a waiter fails within 2 s. */
export const defaultTimeouts: DatabaseTimeouts = Object.freeze({
  connectMs: 1500,
  waitMaxMs: 8000,
  statementMs: 10_000,
  lockMs: 5000,
  checkAfterIdleMs: 10_000,
  checkMs: 500,
  idleMs: 30_000,
  // Prepared plans accumulate in a connection, and after a failover old connections stay with the old server.
  lifetimeMs: 1_800_000,
  patienceMs: 800,
  probeMs: 1000,
});

/** The delay after which the client stops waiting too: a frozen server sends not even its own timeout. */
export const graceMs = 2000;
