import { PrismaPg } from '@prisma/adapter-pg';
import type { Pool, PoolClient } from 'pg';
import type { Cancellation } from '../runtime/cancellation.ts';
import { TimeoutSweeper } from '../runtime/timeout-sweeper.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { FollowStatement } from '../telemetry/follow-statement.ts';
import type { Database, PreparableStatement } from './database.ts';
import { PrismaClient } from './generated/client.ts';
import { StallDetector } from './pool/stall-detector.ts';
import type { StatementFollowers } from './pool/observe-client.ts';
import { createDriver, parameterFrom, type DriverName } from './driver/driver.ts';
import { createPool } from './pool/pool.ts';
import { defaultTimeouts, graceMs, type DatabaseTimeouts } from './timeouts.ts';
import { toApiError } from './database-errors.ts';
import { runStatement, type StatementRunner } from './statements/run-statement.ts';
import { createStatementNames } from './statements/statement-names.ts';

/** The address and the options of a database. */
export interface OpenDatabaseOptions {
  readonly url: string;
  /** Connections that stay open while idle. */
  readonly steadySize: number;
  /** Further connections, opened under load and closed afterwards. */
  readonly overflowSize: number;
  readonly logger: Logger;
  /** `binary` by default. */
  readonly driver?: DriverName;
  readonly timeouts?: Partial<DatabaseTimeouts>;
}

// The code has some thousand statements, filters with orders with cursors, of which few are common. Prisma
// writes another text for every length of a list, so its share has a bound of its own.
const ownStatementsMax = 500;
const prismaStatementsMax = 200;
const naming = { periodMs: defaultTimeouts.lifetimeMs, now: () => performance.now() } as const;

type Query = <Row extends object>(
  statement: PreparableStatement,
  cancellation: Cancellation | null,
) => Promise<Row[]>;

/**
 * Opens PostgreSQL; connections are opened on demand, so an unreachable server shows in the first statement.
 */
export function openDatabase(options: OpenDatabaseOptions): Database {
  const { logger, url } = options;
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const followers = new FollowerSet();
  const driver = createDriver(options.driver ?? 'binary');
  const pool = createPool({ ...options, timeouts, followers, driver });
  const stopDetecting = new StallDetector(pool, url, timeouts, logger).start();
  const prisma = createPrisma(pool, timeouts);
  const unanswered = new TimeoutSweeper(destroyConnection);
  const query = createQuery({ pool, driver, unanswered, answerMs: timeouts.statementMs + graceMs });
  const database: Database = {
    url,
    pool,
    poolState: () => pool.state,
    prisma,
    query: (statement) => query(statement, null),
    until: (cancellation) => ({ ...database, query: (statement) => query(statement, cancellation) }),
    observe: (listener) =>
      followers.add((text) => (durationMs, failed) => listener({ text, durationMs, failed })),
    follow: (follower) => followers.add(follower),
    async warmUp() {
      await prisma.$queryRaw`select 1`;
    },
    async close() {
      stopDetecting();
      await prisma.$disconnect();
      await pool.end();
    },
  };
  return database;
}

function createQuery(runner: StatementRunner): Query {
  const nameOf = createStatementNames({ ...naming, prefix: 'parley', limit: ownStatementsMax });
  return async (statement, cancellation) => {
    const { text, values, usesCustomPlan = false } = statement;
    const name = usesCustomPlan ? '' : nameOf(text);
    try {
      return await runStatement(runner, { name, text, values: values.map(parameterFrom) }, cancellation);
    } catch (error) {
      throw toApiError(error);
    }
  };
}

/** Fails the statement of a connection that owes a response, with pg's own message for a read timeout. */
function destroyConnection(client: PoolClient): void {
  client.connection.stream.destroy(new Error('Query read timeout'));
}

function createPrisma(pool: Pool, timeouts: DatabaseTimeouts): PrismaClient {
  const nameOf = createStatementNames({ ...naming, prefix: 'prisma', limit: prismaStatementsMax });
  return new PrismaClient({
    adapter: new PrismaPg(pool, { statementNameGenerator: (query) => nameOf(query.sql) }),
    errorFormat: 'minimal',
    transactionOptions: { maxWait: timeouts.waitMaxMs + timeouts.connectMs, timeout: timeouts.statementMs },
  });
}

class FollowerSet implements StatementFollowers {
  #followers: readonly FollowStatement[] = [];

  get size(): number {
    return this.#followers.length;
  }

  add(follower: FollowStatement): () => void {
    this.#followers = [...this.#followers, follower];
    return () => {
      this.#followers = this.#followers.filter((other) => other !== follower);
    };
  }

  begin(text: string): (durationMs: number, failed: boolean) => void {
    const [first] = this.#followers;
    // The usual case: telemetry is the only follower.
    if (first !== undefined && this.#followers.length === 1) return first(text);
    const ends = this.#followers.map((follow) => follow(text));
    return (durationMs, failed) => {
      for (const end of ends) end(durationMs, failed);
    };
  }
}
