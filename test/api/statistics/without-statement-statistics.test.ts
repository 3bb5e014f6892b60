import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStatisticsQueries } from '../../../src/domains/statistics/queries.ts';
import { migrate } from '../../../src/platform/postgres/migrations/migrations.ts';
import { openDatabase } from '../../../src/platform/postgres/open-database.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { CleanUps, makeFolder, start } from '../../support/embedded.ts';
import { createEmptyDatabase, createTestDatabase, execute } from '../../support/postgres.ts';

const logger = createLogger({ level: 'silent' });
const cleanUps = new CleanUps();

afterAll(() => cleanUps.run());

describe('without pg_stat_statements', () => {
  it('has no statements, and a note with the reason', async () => {
    const database = await createTestDatabase();
    cleanUps.add(() => database.drop());
    await execute(database.url, 'drop extension pg_stat_statements');

    await expectNote(database.url, 'pg_stat_statements is not in this database');
  });

  it('migrates with a role that may not create the extension', async () => {
    const role = `limited_${process.pid}`;
    const database = await createEmptyDatabase();
    const url = new URL(database.url);
    await execute(database.url, `create role ${role} login password 'limited'`);
    cleanUps.add(() => execute(adminUrl, `drop role ${role}`));
    cleanUps.add(() => database.drop());
    const adminUrl = new URL('/postgres', database.url).toString();
    await execute(database.url, `alter database ${url.pathname.slice(1)} owner to ${role}`);
    [url.username, url.password] = [role, 'limited'];
    await migrate(url.toString(), { logger });

    await expectNote(url.toString(), 'create extension pg_stat_statements` as a superuser');
  });

  describe('in a server that does not load it', () => {
    let url: string;

    beforeAll(async () => {
      const folder = await makeFolder();
      cleanUps.add(() => rm(folder, { recursive: true }));
      ({ url } = await start(cleanUps, folder, { settings: { shared_preload_libraries: '' } }));
      await migrate(url, { logger });
    });

    it('has no statements, and a note with the reason', async () => {
      await expectNote(url, 'pg_stat_statements is not loaded');
    });
  });
});

describe('a role that may not see the statements of others', () => {
  it('sees its own statements, and a note that others exist', async () => {
    const role = `narrow_${process.pid}`;
    const database = await createTestDatabase();
    const url = new URL(database.url);
    await execute(database.url, `create role ${role} login password 'narrow'`);
    cleanUps.add(() => execute(new URL('/postgres', database.url).toString(), `drop role ${role}`));
    cleanUps.add(() => database.drop());
    await execute(database.url, `grant select on slow_queries to ${role}`);
    [url.username, url.password] = [role, 'narrow'];
    await execute(url.toString(), 'select 7 as seven');
    await execute(database.url, 'select 8 as eight');
    const [row] = await execute(
      url.toString(),
      `select statement_statistics_note() as note, array(select query from slow_queries) as queries`,
    );

    expect(row?.['note']).toContain(`grant pg_read_all_stats to ${role}`);
    expect(row?.['queries']).toContain('select $1 as seven');
    expect(row?.['queries']).not.toContain('select $1 as eight');
  });
});

async function expectNote(url: string, note: string): Promise<void> {
  const database = openDatabase({ url, steadySize: 0, overflowSize: 2, logger });
  try {
    const queries = createStatisticsQueries(database);

    expect(await queries.statementNote()).toContain(note);
    expect(await queries.slowQueries(10)).toEqual([]);
    expect(await queries.findings()).toContainEqual(
      expect.objectContaining({ kind: 'statement statistics', severity: 'note' }),
    );
    expect((await queries.tables()).length).toBeGreaterThan(10);
  } finally {
    await database.close();
  }
}
