import { execFile } from 'node:child_process';
import { mkdir, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/platform/postgres/embedded/embedded.ts';
import { migrate } from '../../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** A database of a benchmark's own, on the product's embedded PostgreSQL. */
export interface BenchDatabase {
  readonly url: string;
  readonly client: Client;
  /** The process id of PostgreSQL's first process. */
  readonly postmaster: number;
  close(): Promise<void>;
}

/** Many servers at once, each with a pool. */
const settings = { max_connections: '250' };

/**
 * A copy of the large demo data, which is made once and kept in `.data/bench`; what a run writes goes with the copy.
 */
export async function copyLargeDemo(name: string): Promise<BenchDatabase> {
  const server = await startServer();
  await seed(server.url);
  return await openCopy(server, name, 'parley');
}

/** An empty, migrated one, for data that a benchmark makes up itself. */
export async function createEmpty(name: string): Promise<BenchDatabase> {
  const database = await openCopy(await startServer(), name, 'template1');
  await migrate(database.url, { logger: createLogger({ level: 'warn' }) });
  return database;
}

async function startServer(): Promise<EmbeddedPostgres> {
  const dataDirectory = join(root, '.data/bench');
  await mkdir(dataDirectory, { recursive: true });
  // As root PostgreSQL runs as another user, who must be able to reach it.
  await chmod(dataDirectory, 0o755);
  return await startEmbeddedPostgres({ dataDirectory, settings, logger: createLogger({ level: 'warn' }) });
}

async function seed(url: string): Promise<void> {
  await migrate(url, { logger: createLogger({ level: 'warn' }) });
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: number }>('select count(*)::integer as count from messages');
    if ((rows[0]?.count ?? 0) >= 1_000_000) return;
    console.log('Making the large demo data, once …');
    await run(process.execPath, ['--import', 'tsx', 'src/main.ts', 'seed', '--size', 'large'], {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'development', DATABASE_URL: url },
      maxBuffer: 1e8,
    });
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

async function openCopy(server: EmbeddedPostgres, name: string, template: string): Promise<BenchDatabase> {
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
