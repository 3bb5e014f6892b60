import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createApp, type App } from '../../src/app/app.ts';
import { readConfig } from '../../src/app/config/config.ts';
import { systemClock } from '../../src/platform/runtime/clock.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import { openDatabase } from '../../src/platform/postgres/open-database.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import { untilTrusted } from './coherence.ts';
import type { Answer } from './test-app.ts';

/** A whole server on a database of the test, without a port. */
export interface AppOn {
  readonly app: App;
  readonly clock: typeof systemClock;
  readonly database: Database;
  readonly server: FastifyInstance;
  /** Sends one operation; the answer with its status. */
  ask(query: string, token: string): Promise<Answer & { readonly status: number }>;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** Starts a server on a migrated database, by the real clock; `log` receives its log lines. */
export async function startAppOn(
  url: string,
  environment: Readonly<Record<string, string>> = {},
  log: ((line: string) => void) | null = null,
): Promise<AppOn> {
  const config = readConfig({
    NODE_ENV: 'test',
    DATABASE_URL: url,
    LOG_LEVEL: 'silent',
    ...environment,
  });
  const logger = log === null ? createLogger({ level: 'silent' }) : pino({ level: 'trace' }, { write: log });
  const database = openDatabase({ ...config.database, url, logger });
  const app = createApp({ clock: systemClock, config, database, logger });
  const server = await app.createServer(null);
  await untilTrusted(app.coherence);
  let closing: Promise<void> | undefined;
  return {
    app,
    clock: systemClock,
    database,
    server,
    async ask(query, token) {
      const headers = { authorization: `Bearer ${token}` };
      const response = await server.inject({ method: 'POST', url: '/graphql', headers, payload: { query } });
      return { ...response.json<Answer>(), status: response.statusCode };
    },
    close: () => (closing ??= server.close().then(() => database.close())),
  };
}
