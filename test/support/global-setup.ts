import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/platform/postgres/embedded/embedded.ts';
import { migrate } from '../../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import './postgres.ts';

const root = join(import.meta.dirname, '../..');

/**
 * Builds the program that tests start as a process, and starts one PostgreSQL for the whole run, with a
 * migrated database that the tests' own are copied from.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await build();
  const dataDirectory = await mkdtemp(join(tmpdir(), 'parley-test-'));
  // As root the server runs as another user, who must be able to reach it.
  await chmod(dataDirectory, 0o755);
  const logger = createLogger({ level: 'warn' });
  const postgres = await startEmbeddedPostgres({ dataDirectory, logger, settings: quickAndForgetful });
  await migrate(postgres.url, { logger });
  project.provide('templateUrl', postgres.url);
  return async () => {
    await postgres.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  };
}

/** Unchanged sources take a second: the compiler is incremental. */
async function build(): Promise<void> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '--project', join(root, 'tsconfig.build.json')]);
}

const quickAndForgetful = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '128MB',
  max_connections: '200',
} as const;
