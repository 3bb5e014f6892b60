import { PrismaPg } from '@prisma/adapter-pg';
import type { Pool, QueryResultRow } from 'pg';
import type { Logger } from '../logger.ts';
import { queryCancellably } from './cancellable-query.ts';
import type { Database, PreparableStatement, Statement } from './database.ts';
import { PrismaClient } from './generated/client.ts';
import type { StatementListeners } from './observe-client.ts';
import { createPool, type DatabaseTimeouts } from './pool.ts';
import { toRefusal } from './refusals.ts';
import { createStatementNames } from './statement-names.ts';

/** What a database is opened with. */
export interface OpenDatabaseOptions {
  readonly url: string;
  /** Connections that are kept when there is nothing to do. */
  readonly steadySize: number;
  /** Connections beyond those, made under load and closed afterwards. */
  readonly overflowSize: number;
  readonly logger: Logger;
  readonly timeouts?: Partial<DatabaseTimeouts>;
}

const defaultTimeouts = { connectMs: 2000, statementMs: 10_000 } as const;

// Ours are a fixed few; Prisma writes another text for every length of a list, so its share is bounded on its own.
const ownStatementsMax = 500;
const prismaStatementsMax = 200;

/** Opens PostgreSQL; connections are made when they are needed, so a server that is away shows in the first statement. */
export function openDatabase(options: OpenDatabaseOptions): Database {
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const listeners = new ListenerSet();
  const pool = createPool({ ...options, timeouts, listeners });
  const prisma = createPrisma(pool, timeouts);
  const nameOf = createStatementNames('parley', ownStatementsMax);
  const prepared = ({ text, values }: PreparableStatement) => ({
    name: nameOf(text),
    text,
    values: [...values],
  });
  const database: Database = {
    url: options.url,
    pool,
    prisma,
    async query<Row extends object>(statement: PreparableStatement): Promise<Row[]> {
      try {
        return (await pool.query<Row & QueryResultRow>(prepared(statement))).rows;
      } catch (error) {
        throw toRefusal(error);
      }
    },
    until: (cancellation) => ({
      ...database,
      async query<Row extends object>(statement: PreparableStatement): Promise<Row[]> {
        try {
          return await queryCancellably<Row & QueryResultRow>(pool, prepared(statement), cancellation);
        } catch (error) {
          throw toRefusal(error);
        }
      },
    }),
    observe: (listener) => listeners.add(listener),
    async warmUp() {
      await prisma.$queryRaw`select 1`;
    },
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
  return database;
}

function createPrisma(pool: Pool, timeouts: DatabaseTimeouts): PrismaClient {
  const nameOf = createStatementNames('prisma', prismaStatementsMax);
  return new PrismaClient({
    adapter: new PrismaPg(pool, { statementNameGenerator: (query) => nameOf(query.sql) }),
    errorFormat: 'minimal',
    transactionOptions: { maxWait: timeouts.connectMs, timeout: timeouts.statementMs },
  });
}

class ListenerSet implements StatementListeners {
  readonly #listeners = new Set<(statement: Statement) => void>();

  get size(): number {
    return this.#listeners.size;
  }

  add(listener: (statement: Statement) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(statement: Statement): void {
    for (const listener of this.#listeners) listener(statement);
  }
}
