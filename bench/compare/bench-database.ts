import { mkdir, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/platform/postgres/embedded/embedded.ts';
import { migrate } from '../../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import { newestMigration, ownCheckout, runCommand } from './checkout.ts';

/** A database for one benchmark, on an embedded PostgreSQL in `.data/bench`. */
export interface BenchDatabase {
  readonly url: string;
  readonly client: Client;
  /** The process id of PostgreSQL's postmaster. */
  readonly postmaster: number;
  close(): Promise<void>;
}

/** Enough for several servers with a pool each. */
const settings = { max_connections: '250' };

/**
 * Copies the large demo data, which the given checkout generates on the first run and which stays in
 * `.data/bench`. Closing the database drops the copy with everything that the benchmark wrote.
 */
export async function copyLargeDemo(name: string, checkout = ownCheckout): Promise<BenchDatabase> {
  const server = await startServer();
  const template = await ensureLargeDemo(server.url, checkout);
  return await createDatabase(server, name, template);
}

/** Creates a database with the small demo data of a built checkout. */
export async function createSmallDemo(name: string, checkout: string): Promise<BenchDatabase> {
  const database = await createDatabase(await startServer(), name, 'template1');
  await runCommand(checkout, database.url, ['migrate']);
  await runCommand(checkout, database.url, ['seed']);
  return database;
}

/** Creates a database with all migrations and no data. */
export async function createEmpty(name: string): Promise<BenchDatabase> {
  const database = await createDatabase(await startServer(), name, 'template1');
  await migrate(database.url, { logger: createLogger({ level: 'warn' }) });
  return database;
}

async function startServer(): Promise<EmbeddedPostgres> {
  const dataDirectory = join(ownCheckout, '.data/bench');
  await mkdir(dataDirectory, { recursive: true });
  // PostgreSQL refuses to run as root; its own user needs access to the folder.
  await chmod(dataDirectory, 0o755);
  return await startEmbeddedPostgres({ dataDirectory, settings, logger: createLogger({ level: 'warn' }) });
}

/** Returns the name of the database that holds the large demo data of a checkout. */
async function ensureLargeDemo(serverUrl: string, checkout: string): Promise<string> {
  // Another version may refuse a database with migrations that it does not know, so each schema has a
  // database.
  const name =
    checkout === ownCheckout ? 'parley' : `large_${(await newestMigration(checkout)).split('_')[0]}`;
  await createIfMissing(serverUrl, name);
  const url = withDatabase(serverUrl, name);
  await runCommand(checkout, url, ['migrate']);
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: number }>('select count(*)::integer as count from messages');
    if ((rows[0]?.count ?? 0) >= 1_000_000) return name;
    console.log('Generating the large demo data (first run only) …');
    await runCommand(checkout, url, ['seed', '--size', 'large']);
    await client.query('vacuum analyze');
    return name;
  } finally {
    await client.end();
  }
}

async function createIfMissing(serverUrl: string, name: string): Promise<void> {
  const client = new Client({ connectionString: withDatabase(serverUrl, 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
}

async function createDatabase(
  server: EmbeddedPostgres,
  name: string,
  template: string,
): Promise<BenchDatabase> {
  const { url } = server;
  const maintenance = new Client({ connectionString: withDatabase(url, 'postgres') });
  await maintenance.connect();
  await maintenance.query(`drop database if exists ${name} with (force)`);
  await maintenance.query(`create database ${name} template ${template}`);
  const client = new Client({ connectionString: withDatabase(url, name) });
  await client.connect();
  await client.query('create extension if not exists pg_stat_statements');
  const { rows } = await client.query<{ pid: string }>(
    `select split_part(pg_read_file('postmaster.pid'), E'\\n', 1) as pid`,
  );
  return {
    url: withDatabase(url, name),
    client,
    postmaster: Number(rows[0]?.pid),
    async close() {
      await client.end();
      await maintenance.query(`drop database if exists ${name} with (force)`);
      await maintenance.end();
      await server.stop();
    },
  };
}

function withDatabase(url: string, name: string): string {
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.toString();
}
