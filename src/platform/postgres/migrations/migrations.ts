import { Client, DatabaseError } from 'pg';
import type { Logger } from '../../telemetry/logger.ts';
import { columnCatalogCache } from '../column-catalog.ts';
import { prismaFolder, readMigrations, type Migration } from './migration-folder.ts';
import {
  createHistory,
  hasChecksum,
  markRolledBack,
  readHistory,
  recordApplied,
  recordFailed,
  type RecordedMigration,
} from './migration-history.ts';

/** A mismatch of the database and the folder of migrations, with the migration's name and what to do. */
export class MigrationError extends Error {}

/** The difference between a database and the folder of migrations, as names of migrations, oldest first. */
export interface MigrationStatus {
  /** Migrations of the folder that the database lacks. */
  readonly pending: readonly string[];
  /** Migrations that began and did not finish. */
  readonly failed: readonly string[];
  /** Migrations that were changed in the folder after the database had applied them. */
  readonly edited: readonly string[];
  /** Migrations of the database that the folder lacks. */
  readonly unknown: readonly string[];
  /** True while another process migrates; a migration that Prisma applies then counts as failed. */
  readonly isMigrating: boolean;
}

/** The options of a migration. */
export interface MigrateOptions {
  readonly logger: Logger;
  /** The name of a failed migration to apply again. */
  readonly retry?: string;
  /** The folder with the folder of migrations; by default the package's own. */
  readonly folder?: string;
}

// The advisory lock of Prisma's command line, so that Prisma and Parley exclude each other.
const prismaLock = 72_707_369;

// Makes the running servers read the columns again. The migrations of a test may lack the function.
const announceTables = `do $$ begin
  if to_regprocedure('announce_invalidations(text[])') is not null then
    perform announce_invalidations(array['cache:${columnCatalogCache}']);
  end if;
end $$`;

const activeTransaction = '25001';

/**
 * Applies every migration that the database lacks, oldest first, each in one transaction with its record in
 * Prisma's table. Of concurrent processes, one applies them, and the others wait and find nothing left.
 * @returns the names of the migrations that were applied now
 * @throws MigrationError when a migration fails, failed before, was edited, or is missing in the folder
 */
export async function migrate(
  url: string,
  { logger, retry, folder = prismaFolder }: MigrateOptions,
): Promise<{ readonly applied: readonly string[] }> {
  const migrations = await readMigrations(folder);
  return await withClient(url, async (client) => {
    await lock(client, logger);
    const recorded = await readHistory(client);
    if (retry !== undefined) await forgetFailure(client, recorded ?? [], retry);
    const history = retry === undefined ? recorded : await readHistory(client);
    const { pending, ...misfits } = compare(migrations, history ?? []);
    refuseMisfits(misfits, { folder, newest: migrations.at(-1)?.name ?? '' });
    if (pending.length === 0) return { applied: [] };
    try {
      if (history === null) refuseForeignTable(await createHistory(client));
      for (const migration of pending) await apply(client, migration);
      await client.query(announceTables);
    } catch (error) {
      if (error instanceof MigrationError) throw error;
      throw new MigrationError(`The database was not migrated: ${messageOf(error)}`, { cause: error });
    }
    return { applied: namesOf(pending) };
  });
}

/** Compares a database with the folder of migrations, without a change and without waiting. */
export async function migrationStatus(
  url: string,
  { folder = prismaFolder }: { readonly folder?: string } = {},
): Promise<MigrationStatus> {
  const migrations = await readMigrations(folder);
  return await withClient(url, async (client) => {
    // In a transaction, because behind a pooler a lock of the session would outlive this connection.
    await client.query('begin read only');
    const { rows } = await client.query<{ isFree: boolean }>(
      `select pg_try_advisory_xact_lock(${prismaLock}) as "isFree"`,
    );
    const { pending, failed, edited, unknown } = compare(migrations, (await readHistory(client)) ?? []);
    await client.query('commit');
    return {
      pending: namesOf(pending),
      failed: namesOf(failed),
      edited: namesOf(edited),
      unknown: namesOf(unknown),
      isMigrating: rows[0]?.isFree !== true,
    };
  });
}

async function withClient<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({
    connectionString: url,
    application_name: 'parley migrate',
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  });
  // The statement that runs reports a lost connection; without a listener the process would exit.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new Error(`The database can't be reached: ${messageOf(error)}`, { cause: error });
  }
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Takes the lock of the session, which PostgreSQL releases when the connection ends. */
async function lock(client: Client, logger: Logger): Promise<void> {
  const { rows } = await client.query<{ isOurs: boolean }>(
    `select pg_try_advisory_lock(${prismaLock}) as "isOurs"`,
  );
  if (rows[0]?.isOurs === true) return;
  logger.info('another process is migrating the database; waiting for it');
  await client.query(`select pg_advisory_lock(${prismaLock})`);
}

async function forgetFailure(client: Client, history: readonly RecordedMigration[], name: string) {
  if (!history.some((recorded) => recorded.name === name && !recorded.isApplied)) {
    throw new MigrationError(`The migration ${name} has not failed; there is nothing to retry.`);
  }
  await markRolledBack(client, name);
}

function compare(migrations: readonly Migration[], history: readonly RecordedMigration[]) {
  const inFolder = new Map(migrations.map((migration) => [migration.name, migration]));
  const recorded = new Set(namesOf(history));
  return {
    pending: migrations.filter(({ name }) => !recorded.has(name)),
    failed: history.filter(({ isApplied }) => !isApplied),
    edited: history.filter(({ name, checksum, isApplied }) => {
      const script = inFolder.get(name)?.script;
      return isApplied && script !== undefined && !hasChecksum(script, checksum);
    }),
    unknown: history.filter(({ name }) => !inFolder.has(name)),
  };
}

function refuseMisfits(
  misfits: Omit<ReturnType<typeof compare>, 'pending'>,
  { folder, newest }: { readonly folder: string; readonly newest: string },
): void {
  const [failed] = misfits.failed;
  if (failed !== undefined) throw failureOf(failed.name, reasonIn(failed.logs));
  const [edited] = misfits.edited;
  if (edited !== undefined) {
    throw new MigrationError(
      `The migration ${edited.name} was changed after this database had applied it. ` +
        'Restore its file, and put the change into a new migration.',
    );
  }
  const [unknown] = misfits.unknown;
  if (unknown === undefined) return;
  throw new MigrationError(
    unknown.name > newest
      ? `The database has the migration ${unknown.name}, which is newer than this version of Parley. Run the newer version.`
      : `The database has applied the migration ${unknown.name}, which is missing in ${folder}/migrations. Restore it.`,
  );
}

function refuseForeignTable(table: string | null): void {
  if (table === null) return;
  throw new MigrationError(
    `The database schema is not empty: it has \`${table}\`, and no record of migrations. ` +
      'Use an empty database.',
  );
}

async function apply(client: Client, migration: Migration): Promise<void> {
  const startedAt = new Date();
  try {
    // An index on a large table takes longer than a statement of a request may take.
    await client.query('begin; set local statement_timeout = 0');
    await client.query(migration.script);
    await recordApplied(client, migration, startedAt);
    await client.query('commit');
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.severity === 'FATAL') throw error;
    await client.query('rollback');
    if (error.code === activeTransaction) throw notTransactional(migration.name, error.message);
    const logs = `${error.severity ?? 'ERROR'}: ${error.message}`;
    await recordFailed(client, migration, { startedAt, logs });
    throw failureOf(migration.name, logs);
  }
}

function notTransactional(name: string, reason: string): MigrationError {
  return new MigrationError(
    `The migration ${name} was not applied: ${reason}. Parley applies each migration in one transaction. ` +
      'Remove the statement, or apply this migration by `prisma migrate deploy`.',
  );
}

function failureOf(name: string, reason: string): MigrationError {
  return new MigrationError(
    `The migration ${name} failed: ${reason.replace(/\.$/, '')}. Nothing of it was kept. ` +
      `Mend the cause, then run \`parley migrate --retry ${name}\`.`,
  );
}

/** Returns PostgreSQL's message in the logs of Parley or of Prisma. */
function reasonIn(logs: string | null): string {
  if (logs === null) return 'the process that applied it was stopped';
  const [, reason] = /(?:Database error:\n|Error querying the database: )(.+)/.exec(logs) ?? [];
  return (reason ?? logs).trim();
}

function namesOf(migrations: readonly { readonly name: string }[]): readonly string[] {
  return migrations.map(({ name }) => name);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
