import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { findPostgresAccount } from '../../src/platform/postgres/embedded/postgres-account.ts';
import { findPostgresBinaries } from '../../src/platform/postgres/embedded/postgres-binaries.ts';
import { openCluster } from '../../src/platform/postgres/embedded/postgres-cluster.ts';
import {
  choosePort,
  startPostmaster,
  stopPostmaster,
  type ServerControl,
} from '../../src/platform/postgres/embedded/postgres-server.ts';
import { serverUrl } from '../../src/platform/postgres/embedded/shared-server.ts';
import { makeFolder } from './embedded.ts';

const run = promisify(execFile);

/** A PostgreSQL that only the test starts and stops, with one empty database. */
export interface OwnPostgres {
  readonly url: string;
  /**
   * As whoever runs it would: `fast` ends its clients, `immediate` itself as well. Resolves when it answers
   * again.
   */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** Starts it. @throws Error with what it said when it did not start */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  const dataDirectory = await makeFolder();
  const shelter = join(dataDirectory, 'shelter');
  const account = await findPostgresAccount();
  const { initdb, pgCtl } = await findPostgresBinaries(account, shelter);
  const { folder, password } = await openCluster({ dataDirectory, shelter, account, initdb });
  const control: ServerControl = { pgCtl, folder, account };
  const port = await choosePort(folder);
  const said = await startPostmaster(control, {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // What was committed is in the system's hands, which do not die with PostgreSQL.
    fsync: 'off',
  });
  if (said !== null) throw new Error(said);
  await createDatabase(serverUrl({ port, password, database: 'postgres' }));
  return {
    url: serverUrl({ port, password, database: 'parley' }),
    async restart(mode) {
      const log = join(folder, 'server.log');
      const options = [
        'restart',
        `--mode=${mode}`,
        '--wait',
        '--silent',
        `--pgdata=${folder}`,
        `--log=${log}`,
      ];
      await run(pgCtl, options, { ...account, cwd: folder });
    },
    async stop() {
      await stopPostmaster(control);
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('create database parley');
  await client.end();
}
