import { readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import type { Logger } from '../../telemetry/logger.ts';
import { findPostgresAccount } from './postgres-account.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { openCluster } from './postgres-cluster.ts';
import { absentAsNull, findPostmaster } from './postgres-server.ts';
import { SharedServer, serverUrl } from './shared-server.ts';

/** What can be said about the embedded PostgreSQL; only the data directory must be. */
export interface EmbeddedPostgresOptions {
  /** Holds the folder `postgres` and the file `postgres-password`; made when absent. */
  readonly dataDirectory: string;
  /** Absent: the port of the last start when it is free, else any free one. */
  readonly port?: number;
  readonly logger: Logger;
  /** Overrides PostgreSQL's settings, such as `{ fsync: 'off' }` for tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where files go that the user `postgres` could not reach in the data directory or in node_modules. */
  readonly shelter?: string;
}

/** A PostgreSQL that runs on this machine, for this data directory. */
export interface EmbeddedPostgres {
  readonly url: string;
  /** Stops it unless another process uses it; safe to call twice. Close every connection first. */
  stop(): Promise<void>;
}

// For a small machine. synchronous_commit stays on: what was acknowledged survives a power cut.
const defaultSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  work_mem: '16MB',
  maintenance_work_mem: '128MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  synchronous_commit: 'on',
  shared_preload_libraries: 'pg_stat_statements',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_checkpoints: 'off',
} as const;

const databaseName = 'parley';
const duplicateDatabase = '42P04';
const uniqueViolation = '23505';

/**
 * Starts the PostgreSQL of a data directory, or joins it when it already runs: after this process was killed,
 * or beside another one that serves. It is made on the first start, listens on 127.0.0.1 only, and a server
 * that dies is started again until `stop`.
 * @throws Error when it can't be made or started, with PostgreSQL's own words
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const account = await findPostgresAccount();
  const shelter = options.shelter ?? '/var/lib/parley';
  const binaries = await findPostgresBinaries(account, shelter);
  const dataDirectory = resolve(options.dataDirectory);
  const cluster = await openCluster({ dataDirectory, shelter, account, initdb: binaries.initdb });
  const server = new SharedServer({
    cluster,
    control: { pgCtl: binaries.pgCtl, folder: cluster.folder, account },
    settings: { ...defaultSettings, ...options.settings },
    port: options.port ?? null,
    logger: options.logger,
  });
  await server.join();
  await ensureDatabase(server.url('postgres'));
  if (!cluster.folder.startsWith(await realpath(dataDirectory))) {
    options.logger.info(
      { folder: cluster.folder },
      'the database lies outside the data directory, which the user `postgres` cannot reach',
    );
  }
  return { url: server.url(databaseName), stop: async () => await server.leave() };
}

/**
 * The address of the embedded PostgreSQL of a data directory while it runs, which nothing is done to keep up;
 * else null.
 */
export async function findEmbeddedPostgres(dataDirectory: string): Promise<string | null> {
  const folder = await realpath(join(dataDirectory, 'postgres')).catch(absentAsNull);
  const postmaster = folder === null ? null : await findPostmaster(folder);
  if (postmaster?.isReady !== true) return null;
  const password = await readFile(join(dataDirectory, 'postgres-password'), 'utf8');
  return serverUrl({ port: postmaster.port, password, database: databaseName });
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`create database ${databaseName}`);
  } catch (error) {
    // Another process that came at the same moment has made it.
    const isThere =
      error instanceof Error &&
      'code' in error &&
      [duplicateDatabase, uniqueViolation].includes(String(error.code));
    if (!isThere) throw error;
  } finally {
    await client.end();
  }
}
