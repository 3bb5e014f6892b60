import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { pino } from 'pino';
import { expect } from 'vitest';
import { createApp, type App } from '../../src/app/app.ts';
import { readConfig } from '../../src/app/config/config.ts';
import type { ExecutionCounts } from '../../src/execution/execution-counts.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import { openDatabase } from '../../src/platform/postgres/open-database.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import { TestClock } from './clock.ts';
import { ComparingExecutor } from './comparing-executor.ts';
import { untilTrusted } from './coherence.ts';
import { createTestDatabase } from './postgres.ts';

/**
 * A GraphQL answer as a client reads it. The shape of `data` is the query's own, and the tests are what
 * checks it.
 */
export interface Answer {
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any;
  readonly extensions?: { readonly cost?: { readonly requested: number; readonly actual: number } };
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: { readonly code: string; readonly requestId: string };
  }[];
}

/** The options of a request; without a token, it is anonymous. */
interface AskOptions {
  readonly token?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A whole server on a database of its own, without a port. */
export interface TestApp {
  readonly app: App;
  readonly clock: TestClock;
  readonly database: Database;
  readonly server: FastifyInstance;
  /** Sends one operation by HTTP. */
  ask(query: string, options?: AskOptions): Promise<Answer>;
  /** As `ask`, and fails on any error. */
  data(query: string, options?: AskOptions): Promise<Answer['data']>;
  /** Fails unless exactly `count` statements reached PostgreSQL while the work was done. */
  expectStatements<Result>(count: number, work: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/**
 * Starts a server on an empty, migrated database; with `log`, its log lines are handed over instead of
 * dropped.
 */
export async function startTestApp(
  environment: Readonly<Record<string, string>> = {},
  log: ((line: string) => void) | null = null,
): Promise<TestApp> {
  const testDatabase = await createTestDatabase();
  const config = readConfig({
    NODE_ENV: 'test',
    DATABASE_URL: testDatabase.url,
    LOG_LEVEL: 'silent',
    LIVE_DRAIN: '0',
    EXECUTOR: process.env['EXECUTOR'],
    ...environment,
  });
  const logger =
    log === null
      ? createLogger({ level: config.telemetry.logLevel })
      : pino({ level: 'trace' }, { write: log });
  const database = openDatabase({ ...config.database, url: testDatabase.url, logger });
  const clock = new TestClock(Date.parse('2026-11-20T12:00:00.000Z'));
  const comparing: ComparingExecutor[] = [];
  const app = createApp({
    clock,
    config,
    database,
    logger,
    // Who chooses an executor wants to see that one alone.
    ...(environment['EXECUTOR'] === undefined && {
      createExecutor: (schema: GraphQLSchema, counts: ExecutionCounts) => {
        const executor = new ComparingExecutor(schema, counts);
        comparing.push(executor);
        return executor;
      },
    }),
  });
  const server = await app.createServer(null);
  await untilTrusted(app.coherence);

  async function ask(query: string, { token, variables, headers }: AskOptions = {}): Promise<Answer> {
    const response = await server.inject({
      method: 'POST',
      url: '/graphql',
      headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      payload: { query, variables },
    });
    return response.json();
  }

  return {
    app,
    clock,
    database,
    server,
    ask,
    async data(query, options) {
      const answer = await ask(query, options);
      expect(answer.errors).toBeUndefined();
      return answer.data;
    },
    async expectStatements(count, work) {
      // What was written before is announced to the caches in its own time, and must not end anything
      // meanwhile.
      await app.coherence.waitForInvalidation();
      const texts: string[] = [];
      const stop = database.observe((statement) => texts.push(statement.text));
      for (const executor of comparing) executor.isComparing = false;
      const result = await work().finally(stop);
      for (const executor of comparing) executor.isComparing = true;
      expect(texts, texts.join('\n')).toHaveLength(count);
      return result;
    },
    async close() {
      await server.close();
      await database.close();
      await testDatabase.drop();
      expect(comparing.flatMap(({ disagreements }) => disagreements)).toEqual([]);
    },
  };
}
