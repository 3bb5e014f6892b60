import { PrismaPg } from '@prisma/adapter-pg';
import type { Pool } from 'pg';
import type { Logger } from '../telemetry/logger.ts';
import type { Database } from './database.ts';
import { PrismaClient } from './generated/client.ts';
import { StallDetector } from './pool/stall-detector.ts';
import { StatementFollowers } from './pool/observe-client.ts';
import { createDriver, type DriverName } from './driver/driver.ts';
import { createPool } from './pool/pool.ts';
import { defaultTimeouts, graceMs, type DatabaseTimeouts } from './timeouts.ts';
import { runStatement } from './statements/run-statement.ts';
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

/**
 * Opens PostgreSQL; connections are opened on demand, so an unreachable server shows in the first statement.
 */
export function openDatabase(options: OpenDatabaseOptions): Database {
  const { logger, url } = options;
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const followers = new StatementFollowers();
  const driver = createDriver(options.driver ?? 'binary');
  const pool = createPool({ ...options, timeouts, followers, driver });
  const stopDetecting = new StallDetector(pool, url, timeouts, logger).start();
  const prisma = createPrisma(pool, timeouts);
  const nameOf = createStatementNames({ ...naming, prefix: 'parley', limit: ownStatementsMax });
  const runner = { pool, driver, nameOf, responseMs: timeouts.statementMs + graceMs };
  const database: Database = {
    url,
    pool,
    poolState: () => pool.state,
    shareBy(ownerOf) {
      pool.ownerOf = ownerOf;
    },
    prisma,
    query: (statement) => runStatement(runner, statement, null),
    until: (cancellation) => ({
      ...database,
      query: (statement) => runStatement(runner, statement, cancellation),
    }),
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

function createPrisma(pool: Pool, timeouts: DatabaseTimeouts): PrismaClient {
  const nameOf = createStatementNames({ ...naming, prefix: 'prisma', limit: prismaStatementsMax });
  return new PrismaClient({
    adapter: new PrismaPg(pool, { statementNameGenerator: (query) => nameOf(query.sql) }),
    errorFormat: 'minimal',
    transactionOptions: { maxWait: timeouts.waitMaxMs + timeouts.connectMs, timeout: timeouts.statementMs },
  });
}
