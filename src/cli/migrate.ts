import type { Config } from '../app/config/config.ts';
import { startEmbeddedPostgres } from '../platform/postgres/embedded/embedded.ts';
import {
  migrate,
  migrationStatus,
  type MigrationStatus,
} from '../platform/postgres/migrations/migrations.ts';
import { createLogger, type Logger } from '../platform/telemetry/logger.ts';

/** The options of `parley migrate`. */
export interface MigrateCommandOptions {
  /** Only prints the status. */
  readonly status: boolean;
  /** The name of a failed migration to retry. */
  readonly retry?: string | undefined;
  readonly print?: (line: string) => void;
}

/**
 * Applies the pending migrations, or prints their status.
 * @returns the exit code: 1 when `status` finds a pending, failed, edited or unknown migration
 * @throws MigrationError when a migration fails or does not fit
 */
export async function migrateCommand(config: Config, options: MigrateCommandOptions): Promise<number> {
  const logger = createLogger({ level: config.telemetry.logLevel, format: config.telemetry.logFormat });
  const { print = console.log } = options;
  return await withDatabaseUrl(config, logger, async (url) => {
    if (options.status) return report(await migrationStatus(url), print);
    const retry = options.retry === undefined ? {} : { retry: options.retry };
    const { applied } = await migrate(url, { logger, ...retry });
    for (const name of applied) print(`applied ${name}`);
    if (applied.length === 0) print('The database is up to date.');
    return 0;
  });
}

// Without the pool, whose timeouts are meant for requests.
async function withDatabaseUrl<Result>(
  config: Config,
  logger: Logger,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const { url, dataDirectory } = config.database;
  if (url !== null) return await work(url);
  const embedded = await startEmbeddedPostgres({ dataDirectory, logger });
  try {
    return await work(embedded.url);
  } finally {
    await embedded.stop();
  }
}

function report(status: MigrationStatus, print: (line: string) => void): number {
  if (status.isMigrating) print('Another process is migrating this database now.');
  for (const name of status.failed) print(`failed ${name}`);
  for (const name of status.edited) print(`edited after it was applied ${name}`);
  for (const name of status.unknown) print(`unknown to this version ${name}`);
  for (const name of status.pending) print(`pending ${name}`);
  const isUpToDate =
    !status.isMigrating &&
    [status.failed, status.edited, status.unknown, status.pending].every((names) => names.length === 0);
  if (isUpToDate) print('The database is up to date.');
  return isUpToDate ? 0 : 1;
}
