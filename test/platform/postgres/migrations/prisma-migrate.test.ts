import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../../../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../../../../src/platform/telemetry/logger.ts';
import { createEmptyDatabase, execute, type TestDatabase } from '../../../support/postgres.ts';

const run = promisify(execFile);
const logger = createLogger({ level: 'silent' });
const project = join(import.meta.dirname, '../../../..');
const columns = `select column_name, data_type, character_maximum_length, column_default, is_nullable
  from information_schema.columns where table_name = '_prisma_migrations' order by ordinal_position`;
const records = `select migration_name, checksum, logs, applied_steps_count, rolled_back_at,
  finished_at is not null as is_finished from _prisma_migrations order by migration_name`;

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  folder = await mkdtemp(join(tmpdir(), 'parley-prisma-'));
  await writeFile(join(folder, 'schema.prisma'), 'datasource db {\n  provider = "postgresql"\n}\n');
  await mkdir(join(folder, 'migrations'));
  await writeFile(join(folder, 'migrations', 'migration_lock.toml'), 'provider = "postgresql"\n');
  await writeFile(
    join(folder, 'prisma.config.ts'),
    `export default ${JSON.stringify({
      schema: join(folder, 'schema.prisma'),
      migrations: { path: join(folder, 'migrations') },
      datasource: { url: database.url },
    })};`,
  );
  const engine = join(project, 'test/support/schema-engine-process.ts');
  // `schema-engine cli can-connect-to-database` succeeds, because the database exists.
  const program = join(folder, 'schema-engine');
  await writeFile(
    program,
    `#!/bin/sh\ncase " $* " in *" cli "*) exit 0;; esac\nexec ${process.execPath} --import ${import.meta.resolve('tsx')} ${engine} "$@"\n`,
  );
  await chmod(program, 0o755);
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

describe('prisma migrate deploy and parley migrate', { timeout: 120_000 }, () => {
  it('take turns on a database that Parley migrated first', async () => {
    await addMigration('1_parley', 'create table a (id int);');
    await migrate(database.url, { logger, folder });
    await addMigration('2_index', 'create index concurrently a_idx on a (id);');

    await expect(migrate(database.url, { logger, folder })).rejects.toThrow(
      'The migration 2_index was not applied: CREATE INDEX CONCURRENTLY cannot run inside a transaction block. ' +
        'Parley applies each migration in one transaction. ' +
        'Remove the statement, or apply this migration by `prisma migrate deploy`.',
    );
    await addMigration('3_faulty', 'select 1 / 0;');
    expect(await deploy()).toBe(1);
    expect(await execute(database.url, "select to_regclass('a_idx') as index")).toEqual([{ index: 'a_idx' }]);
    await expect(migrate(database.url, { logger, folder })).rejects.toThrow(
      'The migration 3_faulty failed: ERROR: division by zero. Nothing of it was kept.',
    );
    await addMigration('3_faulty', 'create table b ();');
    expect(await migrate(database.url, { logger, folder, retry: '3_faulty' })).toEqual({
      applied: ['3_faulty'],
    });
  });

  it('take turns on a database that Prisma migrated first, and record the same', async () => {
    await addMigration('1_first', 'create table a ();');
    expect(await deploy()).toBe(0);
    const byPrisma = [await execute(database.url, columns), await execute(database.url, records)];
    expect(await migrate(database.url, { logger, folder })).toEqual({ applied: [] });

    await execute(database.url, 'drop table _prisma_migrations, a');
    await migrate(database.url, { logger, folder });
    expect([await execute(database.url, columns), await execute(database.url, records)]).toEqual(byPrisma);
  });
});

async function addMigration(name: string, script: string): Promise<void> {
  await mkdir(join(folder, 'migrations', name), { recursive: true });
  await writeFile(join(folder, 'migrations', name, 'migration.sql'), script);
}

/** Runs Prisma's command line, and returns its exit code. */
async function deploy(): Promise<unknown> {
  const args = ['migrate', 'deploy', '--config', join(folder, 'prisma.config.ts')];
  const environment = { CHECKPOINT_DISABLE: '1', PRISMA_SCHEMA_ENGINE_BINARY: join(folder, 'schema-engine') };
  const env = { ...process.env, ...environment };
  return await run(join(project, 'node_modules/.bin/prisma'), args, { cwd: project, env }).then(
    () => 0,
    ({ code }: { code: unknown }) => code,
  );
}
