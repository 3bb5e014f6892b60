import type { Pool } from 'pg';
import type { Cancellation } from '../runtime/cancellation.ts';
import type { WorkOwner } from '../runtime/work-owner.ts';
import type { FollowStatement } from '../telemetry/follow-statement.ts';
import type { PoolState } from './pool/pool-state.ts';
import type { PrismaClient } from './generated/client.ts';

/** A statement that was sent to PostgreSQL, by Prisma or directly, without the values of its parameters. */
export interface Statement {
  readonly text: string;
  readonly durationMs: number;
  readonly failed: boolean;
}

/** Text with the placeholders $1, $2 … and their values, as the tag `sql` creates it. */
export interface PreparableStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  /**
   * True when the best plan depends on the values, such as on how many messages contain a word: PostgreSQL
   * then plans each execution instead of keeping one plan for all.
   */
  readonly usesCustomPlan?: boolean;
}

/** PostgreSQL, through one pool of connections that Prisma and direct reads share. */
export interface Database {
  /** The address with credentials, for connections outside of the pool. */
  readonly url: string;
  /**
   * Runs one prepared statement and returns its rows as objects, keyed by the names of the select list. The
   * text must come from the code, never from a caller: every distinct text is prepared once per connection.
   * @throws Unavailable when no connection is free in time or the database is unreachable
   */
  query<Row extends object>(statement: PreparableStatement): Promise<Row[]>;
  /**
   * Returns the same database for one request: its cancellation stops the running statement in PostgreSQL,
   * and nothing is sent afterwards. Only for reads of that request: a cache's reads belong to all its
   * readers, and a write must finish.
   */
  until(cancellation: Cancellation): Database;
  /** Prisma's client over the same pool, for writes. */
  readonly prisma: PrismaClient;
  /** The pool, for work that holds a connection (COPY, transactions). */
  readonly pool: Pool;
  /**
   * Shares connections between the owners of work while more is waiting than is served; `ownerOf` returns the
   * owner of the running work, and null for work of the server itself.
   */
  shareBy(ownerOf: () => WorkOwner | null): void;
  /** Returns the use of the connections. */
  poolState(): PoolState;
  /** Calls back after every statement; the returned function stops that. */
  observe(listener: (statement: Statement) => void): () => void;
  /** Like `observe`, but called also when a statement is sent, in the context of its sender. */
  follow(follower: FollowStatement): () => void;
  /**
   * Makes the first statements of a process as fast as later ones: Prisma compiles itself during its first
   * query.
   */
  warmUp(): Promise<void>;
  /** Closes the pool after the running statements; later ones fail. */
  close(): Promise<void>;
}
