import { createHash, randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import type { Migration } from './migration-folder.ts';

/** A migration as the database has recorded it; those that were marked as rolled back are left out. */
export interface RecordedMigration {
  readonly name: string;
  readonly checksum: string;
  readonly isApplied: boolean;
  /** The output of a failed migration; null when the process was stopped. */
  readonly logs: string | null;
}

// Prisma's own definition, so that `prisma migrate deploy` finds the table as it would have created it.
const createTable = `create table _prisma_migrations (
  id varchar(36) primary key not null,
  checksum varchar(64) not null,
  finished_at timestamptz,
  migration_name varchar(255) not null,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`;

/** Returns the recorded migrations, oldest first; null when the database has no table of migrations. */
export async function readHistory(client: Client): Promise<readonly RecordedMigration[] | null> {
  const { rows: tables } = await client.query<{ exists: boolean }>(
    "select to_regclass('_prisma_migrations') is not null as exists",
  );
  if (tables[0]?.exists !== true) return null;
  const { rows } = await client.query<RecordedMigration>(
    `select migration_name as name, checksum, finished_at is not null as "isApplied", logs
     from _prisma_migrations where rolled_back_at is null order by started_at, migration_name`,
  );
  return rows;
}

/**
 * Creates the table of migrations.
 * @returns a table that exists already and makes the database one of another program; null after success
 */
export async function createHistory(client: Client): Promise<string | null> {
  // Extensions such as pg_stat_statements bring views of their own into an otherwise empty schema.
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class c where relnamespace = current_schema()::regnamespace
     and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
     and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1 limit 1`,
  );
  if (rows[0] !== undefined) return rows[0].name;
  await client.query(createTable);
  return null;
}

/** Records that a migration was applied, in the transaction that applies it. */
export async function recordApplied(client: Client, migration: Migration, startedAt: Date): Promise<void> {
  await client.query(
    `insert into _prisma_migrations
       (id, migration_name, checksum, started_at, finished_at, applied_steps_count)
     values ($1, $2, $3, $4, clock_timestamp(), 1)`,
    [randomUUID(), migration.name, checksumOf(migration.script), startedAt],
  );
}

/** Records that a migration failed, after it was rolled back. */
export async function recordFailed(
  client: Client,
  migration: Migration,
  failure: { readonly startedAt: Date; readonly logs: string },
): Promise<void> {
  await client.query(
    `insert into _prisma_migrations (id, migration_name, checksum, started_at, logs)
     values ($1, $2, $3, $4, $5)`,
    [randomUUID(), migration.name, checksumOf(migration.script), failure.startedAt, failure.logs],
  );
}

/** Marks a failed migration as rolled back, so that it is pending again. */
export async function markRolledBack(client: Client, name: string): Promise<void> {
  await client.query(
    `update _prisma_migrations set rolled_back_at = now()
     where migration_name = $1 and finished_at is null and rolled_back_at is null`,
    [name],
  );
}

/** Returns true when a checksum is that of the script, with the line endings of any operating system. */
export function hasChecksum(script: string, checksum: string): boolean {
  const unix = script.replaceAll('\r\n', '\n');
  return [script, unix, unix.replaceAll('\n', '\r\n')].some((text) => checksumOf(text) === checksum);
}

function checksumOf(script: string): string {
  return createHash('sha256').update(script).digest('hex');
}
