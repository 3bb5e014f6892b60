import type { Logger } from '../../telemetry/logger.ts';
import { columnCatalogCache } from '../column-catalog.ts';
import { prismaFolder, readMigrationFolder, type MigrationFolder } from './migration-folder.ts';
import { withSchemaEngine, type ConnectedEngine } from './schema-engine.ts';

/**
 * The database and the folder of migrations do not fit together; the message names the migration and the way
 * on.
 */
export class MigrationError extends Error {}

/** How the database stands against the folder of migrations. Names are those of the folders, oldest first. */
export interface MigrationStatus {
  /** In the folder and not yet in the database. */
  readonly pending: readonly string[];
  /** Begun and not finished. */
  readonly failed: readonly string[];
  /** Changed in the folder after they were applied. */
  readonly edited: readonly string[];
  /** In the database and not in the folder. */
  readonly unknown: readonly string[];
  /** Another process is migrating right now, so that what it is at may be counted as failed. */
  readonly isMigrating: boolean;
}

/** What can be said about a migration. */
export interface MigrateOptions {
  readonly logger: Logger;
  /** A migration that has failed before and is to be tried again. */
  readonly retry?: string;
  /** The folder with schema.prisma and migrations; the project's own unless a test says otherwise. */
  readonly folder?: string;
}

// The lock that Prisma's own engine and command line take, so that they and we wait for each other. The
// engine takes it too late, after it was asked for a diagnosis, in which the migration that another process
// is at looks like a failed one.
const prismaLock = 72_707_369;

// To the servers that run, which look at the columns again. A folder of migrations need not have the function
// yet.
const announceTables = `do $$ begin
  if to_regprocedure('announce_invalidations(text[])') is not null then
    perform announce_invalidations(array['cache:${columnCatalogCache}']);
  end if;
end $$`;

const noFilters = { externalTables: [], externalEnums: [] };

/**
 * Applies every migration that the database lacks, oldest first, each as one transaction. Of several
 * processes one does it, and the others wait and find nothing left.
 * @returns the names of those that were applied now
 * @throws MigrationError when one fails, failed before, was edited, or is unknown here
 */
export async function migrate(
  url: string,
  options: MigrateOptions,
): Promise<{ readonly applied: readonly string[] }> {
  const folder = await readMigrationFolder(options.folder ?? prismaFolder);
  return await withSchemaEngine(url, folder.schema, async (connected) => {
    if (!(await tryLock(connected))) {
      options.logger.info('another process is migrating the database; waiting for it');
      await connected.query(`select pg_advisory_lock(${prismaLock})`);
    }
    if (options.retry !== undefined) await forgetFailure(connected, folder, options.retry);
    const status = await diagnose(connected, folder);
    await refuseMisfit(connected, folder, status);
    if (status.pending.length === 0) return { applied: [] };
    const applied = await apply(connected, folder, status.pending);
    await connected.query(announceTables);
    return applied;
  });
}

/** Compares without changing anything. */
export async function migrationStatus(
  url: string,
  options: { readonly folder?: string } = {},
): Promise<MigrationStatus> {
  const folder = await readMigrationFolder(options.folder ?? prismaFolder);
  return await withSchemaEngine(url, folder.schema, async (connected) => {
    const isMigrating = !(await tryLock(connected));
    return { ...(await diagnose(connected, folder)), isMigrating };
  });
}

// The lock ends with the connection.
async function tryLock(connected: ConnectedEngine): Promise<boolean> {
  const [isOurs] = await connected.query(`select pg_try_advisory_lock(${prismaLock})`);
  return isOurs === true;
}

async function forgetFailure(
  connected: ConnectedEngine,
  folder: MigrationFolder,
  name: string,
): Promise<void> {
  const { failed } = await diagnose(connected, folder);
  if (!failed.includes(name))
    throw new MigrationError(`The migration ${name} has not failed; there is nothing to retry.`);
  await connected.engine.markMigrationRolledBack({ migrationName: name });
}

async function diagnose(
  connected: ConnectedEngine,
  folder: MigrationFolder,
): Promise<Omit<MigrationStatus, 'isMigrating'>> {
  const diagnosis = await connected.engine.diagnoseMigrationHistory({
    migrationsList: folder.list,
    optInToShadowDatabase: false,
    filters: noFilters,
  });
  const { history } = diagnosis;
  return {
    failed: diagnosis.failedMigrationNames,
    edited: diagnosis.editedMigrationNames,
    pending: history !== null && 'unappliedMigrationNames' in history ? history.unappliedMigrationNames : [],
    unknown:
      history !== null && 'unpersistedMigrationNames' in history ? history.unpersistedMigrationNames : [],
  };
}

async function refuseMisfit(
  connected: ConnectedEngine,
  folder: MigrationFolder,
  status: Omit<MigrationStatus, 'isMigrating'>,
): Promise<void> {
  const [failed] = status.failed;
  if (failed !== undefined) throw await failedBefore(connected, failed);
  const [edited] = status.edited;
  if (edited !== undefined) {
    throw new MigrationError(
      `The migration ${edited} was changed after this database had applied it. ` +
        'Restore its file, and put the change into a new migration.',
    );
  }
  const [unknown] = status.unknown;
  if (unknown === undefined) return;
  throw new MigrationError(
    unknown > (folder.names.at(-1) ?? '')
      ? `The database has the migration ${unknown}, which is newer than this version of Parley. Run the newer version.`
      : `The database has applied the migration ${unknown}, which is missing in ${folder.list.baseDir}. Restore it.`,
  );
}

async function failedBefore(connected: ConnectedEngine, name: string): Promise<MigrationError> {
  const [logs] = await connected.query(
    `select logs from _prisma_migrations where finished_at is null and rolled_back_at is null and logs is not null
     order by started_at desc limit 1`,
  );
  return failure(name, typeof logs === 'string' ? reasonIn(logs) : 'the process that applied it was stopped');
}

async function apply(
  connected: ConnectedEngine,
  folder: MigrationFolder,
  pending: readonly string[],
): Promise<{ readonly applied: readonly string[] }> {
  try {
    const { appliedMigrationNames } = await connected.engine.applyMigrations({
      migrationsList: folder.list,
      filters: noFilters,
    });
    return { applied: appliedMigrationNames };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [failed] = (await diagnose(connected, folder)).failed;
    if (failed !== undefined) throw failure(failed, reasonIn(message));
    throw new MigrationError(`The migrations from ${pending[0] ?? ''} on were not applied: ${message}`, {
      cause: error,
    });
  }
}

function failure(name: string, reason: string): MigrationError {
  return new MigrationError(
    `The migration ${name} failed: ${reason}. Nothing of it was kept. ` +
      `Mend the cause, then run \`parley migrate --retry ${name}\`.`,
  );
}

// The engine's error is PostgreSQL's message, followed by the engine's own call stack.
function reasonIn(message: string): string {
  const [, reason] = /Error querying the database: (.*?)(?:\n +\d+: |$)/s.exec(message) ?? [];
  return (reason ?? message).trim().replace(/\.$/, '');
}
