import type { Pool } from 'pg';
import type { Cancellation } from '../runtime/cancellation.ts';
import type { FollowStatement } from '../telemetry/follow-statement.ts';
import type { PoolState } from './pool/validating-pool.ts';
import type { PrismaClient } from './generated/client.ts';

/** One statement that reached PostgreSQL, Prisma's and ours alike. Never carries a parameter's value. */
export interface Statement {
  readonly text: string;
  readonly durationMs: number;
  readonly failed: boolean;
}

/** Text with the placeholders $1, $2 … and their values; what the tag `sql` makes. */
export interface PreparableStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  /**
   * True where the way to the rows depends on the values, such as on how many messages have a word: PostgreSQL then sees them
   * each time instead of keeping one plan for all.
   */
  readonly isPlannedAnew?: boolean;
}

/** PostgreSQL, through one pool of connections that Prisma and direct reads share. */
export interface Database {
  /** Where it is, with the credentials: for those who need connections of their own. */
  readonly url: string;
  /**
   * Runs one prepared statement and answers its rows as objects, keyed by the select list's names.
   * The text must come from the code, never from a caller: every distinct text is prepared once a connection.
   * @throws Unavailable when no connection is free in time or the database is away
   */
  query<Row extends object>(statement: PreparableStatement): Promise<Row[]>;
  /**
   * The same database, for one request: once it is cancelled, PostgreSQL stops what `query` runs for it and nothing more is
   * sent. Only for reads that nobody else waits for: a cache's belong to all its readers, and a write must end one way.
   */
  until(cancellation: Cancellation): Database;
  /** For writes: Prisma's client over the same pool. */
  readonly prisma: PrismaClient;
  /** For what needs a connection for a while (COPY). */
  readonly pool: Pool;
  /** How busy the connections are. */
  poolState(): PoolState;
  /** Calls back after every statement; the returned function stops that. */
  observe(listener: (statement: Statement) => void): () => void;
  /** As `observe`, for those who must know who a statement is sent for. */
  follow(follower: FollowStatement): () => void;
  /** Makes the first statements of a process as quick as later ones: Prisma compiles itself on its first query. */
  warmUp(): Promise<void>;
  /** Waits for the statements under way; afterwards nothing more can be asked. */
  close(): Promise<void>;
}
