import type { Config } from './config/config.ts';
import { systemClock, type Clock } from '../platform/runtime/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { startEmbeddedPostgres } from '../platform/postgres/embedded/embedded.ts';
import { migrate } from '../platform/postgres/migrations/migrations.ts';
import { openDatabase } from '../platform/postgres/open-database.ts';
import { requireMigrated } from '../platform/postgres/migrations/require-migrated.ts';
import { createLogger, type Logger } from '../platform/telemetry/logger.ts';

/** The database, logger and clock of a command, which must be closed. */
export interface Platform {
  readonly clock: Clock;
  readonly database: Database;
  readonly logger: Logger;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the database that is configured, or starts the embedded one and brings its tables up to date.
 * @throws MigrationError when the tables do not fit the code
 */
export async function openPlatform(config: Config): Promise<Platform> {
  const logger = createLogger({ level: config.telemetry.logLevel, format: config.telemetry.logFormat });
  const server = await openServer(config, logger);
  const database = openDatabase({ ...config.database, url: server.url, logger });
  let closing: Promise<void> | undefined;
  return {
    clock: systemClock,
    database,
    logger,
    close: () => (closing ??= database.close().then(() => server.stop())),
  };
}

/** Opens the configured database, which its operator migrates, or starts and migrates the embedded one. */
async function openServer(
  { database: { url, dataDirectory } }: Config,
  logger: Logger,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  if (url !== null) {
    await requireMigrated(url);
    return { url, stop: async () => {} };
  }
  const embedded = await startEmbeddedPostgres({ dataDirectory, logger });
  try {
    await migrate(embedded.url, { logger });
  } catch (error) {
    await embedded.stop();
    throw error;
  }
  return embedded;
}

/**
 * Runs one command on an open platform, and closes the platform also when the command fails or is
 * interrupted.
 */
export async function withPlatform<Result>(
  config: Config,
  work: (platform: Platform) => Promise<Result>,
): Promise<Result> {
  const platform = await openPlatform(config);
  // Without this an interrupted command would leave the embedded PostgreSQL behind.
  const interrupt = (_signal: NodeJS.Signals, number: number) => {
    void platform.close().finally(() => process.exit(128 + number));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return await work(platform);
  } finally {
    await platform.close();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
