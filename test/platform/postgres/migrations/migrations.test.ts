import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { migrateCommand } from '../../../../src/cli/migrate.ts';
import { readConfig } from '../../../../src/app/config/config.ts';
import { differenceTo } from '../../../../prisma/draft/schema-engine.ts';
import {
  prismaFolder,
  readMigrations,
} from '../../../../src/platform/postgres/migrations/migration-folder.ts';
import { migrate, migrationStatus } from '../../../../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../../../../src/platform/telemetry/logger.ts';
import { createEmptyDatabase, execute, type TestDatabase } from '../../../support/postgres.ts';

const silent = () => createLogger({ level: 'silent' });
const logger = silent();
const names = (await readMigrations()).map(({ name }) => name);

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  folder = await mkdtemp(join(tmpdir(), 'parley-prisma-'));
  await cp(prismaFolder, folder, { recursive: true });
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

describe('migrate', () => {
  it('brings an empty database to schema.prisma, including indexes', async () => {
    const path = join(prismaFolder, 'schema.prisma');
    const schema = { path, content: await readFile(path, 'utf8') };

    expect(await migrate(database.url, { logger })).toEqual({ applied: names });
    expect(await differenceTo(database.url, schema)).toContain('-- This is an empty migration.');
  });

  it('applies nothing a second time', async () => {
    await migrate(database.url, { logger });

    expect(await migrate(database.url, { logger })).toEqual({ applied: [] });
  });

  it('runs once for two concurrent processes', async () => {
    const both = await Promise.all([migrate(database.url, { logger }), migrate(database.url, { logger })]);

    expect(both).toEqual(expect.arrayContaining([{ applied: names }, { applied: [] }]));
  });

  it('waits while another process holds the lock of Prisma', async () => {
    const other = new Client({ connectionString: database.url });
    await other.connect();
    await other.query('select pg_advisory_lock(72707369)');
    const waiting = vi.fn<(message: string) => void>();
    const migrating = migrate(database.url, { logger: Object.assign(silent(), { info: waiting }) });
    await vi.waitFor(() => expect(waiting).toHaveBeenCalled());

    expect(await migrationStatus(database.url)).toMatchObject({ pending: names, isMigrating: true });
    await other.end();
    expect(await migrating).toEqual({ applied: names });
  });

  it('keeps nothing of a migration whose connection is lost, and applies it the next time', async () => {
    await migrate(database.url, { logger });
    const script = await addMigration(
      '20990101000000_lost',
      'create table half (); select pg_terminate_backend(pg_backend_pid());',
    );

    await expect(migrate(database.url, { logger, folder })).rejects.toThrow('The database was not migrated:');
    expect(await execute(database.url, "select to_regclass('half') as half")).toEqual([{ half: null }]);
    await writeFile(script, 'create table half ();');
    expect(await migrate(database.url, { logger, folder })).toEqual({ applied: ['20990101000000_lost'] });
  });

  it('names a failed migration with the reason, and rolls it back', async () => {
    await migrate(database.url, { logger });
    await addMigration('20990101000000_faulty', 'create table half (); select 1 / 0;');

    await expect(migrate(database.url, { logger, folder })).rejects.toThrow(
      /^The migration 20990101000000_faulty failed: ERROR: division by zero\. .*--retry 20990101000000_faulty/,
    );
    expect(await execute(database.url, "select to_regclass('half') as half")).toEqual([{ half: null }]);
  });

  it('continues after a failure only with --retry, with the corrected file', async () => {
    await migrate(database.url, { logger });
    const script = await addMigration('20990101000000_faulty', 'select 1 / 0;');
    await expect(migrate(database.url, { logger, folder })).rejects.toThrow('division by zero');
    await writeFile(script, 'create table whole ();');

    await expect(migrate(database.url, { logger, folder })).rejects.toThrow(
      'The migration 20990101000000_faulty failed: ERROR: division by zero.',
    );
    expect(await migrate(database.url, { logger, folder, retry: '20990101000000_faulty' })).toEqual({
      applied: ['20990101000000_faulty'],
    });
  });

  it('rejects a retry of a migration that has not failed', async () => {
    await expect(migrate(database.url, { logger, retry: 'anything' })).rejects.toThrow(
      'The migration anything has not failed; there is nothing to retry.',
    );
  });

  it('accepts semicolons in literals, comments and functions', async () => {
    await migrate(database.url, { logger });
    await addMigration(
      '20990101000000_semicolons',
      `-- One; two.
       create function three() returns text language plpgsql as $$ begin return 'a;b'; end; $$;`,
    );
    await migrate(database.url, { logger, folder });

    expect(await execute(database.url, 'select three()')).toEqual([{ three: 'a;b' }]);
  });

  it('names a migration that was edited after it was applied', async () => {
    await migrate(database.url, { logger });
    const [first = ''] = names;
    await appendFile(join(folder, 'migrations', first, 'migration.sql'), '-- An afterthought.\n');

    await expect(migrate(database.url, { logger, folder })).rejects.toThrow(
      `The migration ${first} was changed after this database had applied it.`,
    );
  });

  it('accepts other line endings in an applied migration', async () => {
    await migrate(database.url, { logger });
    const [first = ''] = names;
    const path = join(folder, 'migrations', first, 'migration.sql');
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('\n', '\r\n'));

    expect(await migrate(database.url, { logger, folder })).toEqual({ applied: [] });
  });

  it('names an applied migration that is missing in the folder', async () => {
    await migrate(database.url, { logger });
    const [first = ''] = names;
    await rm(join(folder, 'migrations', first), { recursive: true });

    await expect(migrate(database.url, { logger, folder })).rejects.toThrow(
      `The database has applied the migration ${first}, which is missing in`,
    );
  });

  it('rejects a database migrated by a newer version', async () => {
    await addMigration('20990101000000_future', 'create table future ();');
    await migrate(database.url, { logger, folder });

    await expect(migrate(database.url, { logger })).rejects.toThrow(
      'The database has the migration 20990101000000_future, which is newer than this version of Parley.',
    );
  });

  it('leaves a database with other tables unchanged', async () => {
    await execute(database.url, 'create table theirs ()');

    await expect(migrate(database.url, { logger })).rejects.toThrow(
      'The database schema is not empty: it has `theirs`',
    );
    expect(await execute(database.url, "select to_regclass('_prisma_migrations') as table")).toEqual([
      { table: null },
    ]);
  });

  it('accepts the views of an extension in an empty database', async () => {
    await execute(database.url, 'create extension pg_stat_statements');

    expect(await migrate(database.url, { logger })).toEqual({ applied: names });
  });

  it('ignores the statement timeout of the role', async () => {
    await execute(
      database.url,
      `alter database ${new URL(database.url).pathname.slice(1)} set statement_timeout = 50`,
    );
    await addMigration('0_slow', 'select pg_sleep(0.2);');

    expect(await migrate(database.url, { logger, folder })).toMatchObject({ applied: ['0_slow', ...names] });
  });

  it('reports an unreachable database', async () => {
    await expect(migrate('postgres://somebody@127.0.0.1:1/nowhere', { logger })).rejects.toThrow(
      "The database can't be reached: connect ECONNREFUSED 127.0.0.1:1",
    );
  });
});

describe('migrationStatus', () => {
  it('reports pending migrations, and changes nothing', async () => {
    expect(await migrationStatus(database.url)).toEqual({
      pending: names,
      failed: [],
      edited: [],
      unknown: [],
      isMigrating: false,
    });
    expect(await migrationStatus(database.url)).toMatchObject({ pending: names });
  });
});

describe('parley migrate', () => {
  it('prints what it applied; --status exits with 1 before and 0 after', async () => {
    const config = readConfig({ DATABASE_URL: database.url, LOG_LEVEL: 'silent' });
    const run = async (status: boolean) => {
      const lines: string[] = [];
      const code = await migrateCommand(config, { status, print: (line) => lines.push(line) });
      return { code, lines };
    };

    expect(await run(true)).toEqual({ code: 1, lines: names.map((name) => `pending ${name}`) });
    expect(await run(false)).toEqual({ code: 0, lines: names.map((name) => `applied ${name}`) });
    expect(await run(true)).toEqual({ code: 0, lines: ['The database is up to date.'] });
  });
});

async function addMigration(name: string, script: string): Promise<string> {
  const path = join(folder, 'migrations', name, 'migration.sql');
  await mkdir(dirname(path));
  await writeFile(path, script);
  return path;
}
