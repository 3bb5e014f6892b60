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
import { toRefusal } from './database-errors.ts';
import { runStatement } from './run-statement.ts';
import { createStatementNames } from './statement-names.ts';

/** What a database is opened with. */
export interface OpenDatabaseOptions {
  readonly url: string;
  /** Connections that are kept when there is nothing to do. */
  readonly steadySize: number;
  /** Connections beyond those, made under load and closed afterwards. */
  readonly overflowSize: number;
  readonly logger: Logger;
  /** `binary` by default. */
  readonly driver?: DriverName;
  readonly timeouts?: Partial<DatabaseTimeouts>;
}

// Ours are some thousands, filters with orders with cursors, of which few are common; Prisma writes another text for every length of a list, so its share is bounded on its own.
const ownStatementsMax = 500;
const prismaStatementsMax = 200;
const naming = { periodMs: defaultTimeouts.lifetimeMs, now: () => performance.now() } as const;

/** Opens PostgreSQL; connections are made when they are needed, so a server that is away shows in the first statement. */
export function openDatabase(options: OpenDatabaseOptions): Database {
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const followers = new FollowerSet();
  const driver = createDriver(options.driver ?? 'binary');
  const pool = createPool({ ...options, timeouts, followers, driver });
  const { url, logger } = options;
  const stopWatching = new StallDetector(pool, url, timeouts, logger).start();
  const prisma = createPrisma(pool, timeouts);
  const nameOf = createStatementNames({ ...naming, prefix: 'parley', limit: ownStatementsMax });
  const runner = {
    pool,
    driver,
    unanswered: new TimeoutSweeper(giveUp),
    answerMs: timeouts.statementMs + graceMs,
  };
  async function query<Row extends object>(
    statement: PreparableStatement,
    cancellation: Cancellation | null,
  ) {
    const { text, values, isPlannedAnew = false } = statement;
    const name = isPlannedAnew ? '' : nameOf(text);
    try {
      const bound = { name, text, values: values.map(parameterFrom) };
      return await runStatement<Row>(runner, bound, cancellation);
    } catch (error) {
      throw toRefusal(error);
    }
  }
  const database: Database = {
    url: options.url,
    pool,
    poolState: () => pool.state,
    prisma,
    query: <Row extends object>(statement: PreparableStatement) => query<Row>(statement, null),
    until: (cancellation) => ({
      ...database,
      query: <Row extends object>(statement: PreparableStatement) => query<Row>(statement, cancellation),
    }),
    observe: (listener) =>
      followers.add((text) => (durationMs, failed) => listener({ text, durationMs, failed })),
    follow: (follower) => followers.add(follower),
    async warmUp() {
      await prisma.$queryRaw`select 1`;
    },
    async close() {
      stopWatching();
      await prisma.$disconnect();
      await pool.end();
    },
  };
  return database;
}

/** In pg's own words for what took too long; whoever waits for the connection's answer is told. */
function giveUp(client: PoolClient): void {
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
    // A server that nobody watches has one: its telemetry.
    if (first !== undefined && this.#followers.length === 1) return first(text);
    const ends = this.#followers.map((follow) => follow(text));
    return (durationMs, failed) => {
      for (const end of ends) end(durationMs, failed);
    };
  }
}
