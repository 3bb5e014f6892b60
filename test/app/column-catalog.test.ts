import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cache } from '../../src/caching/cache.ts';
import { commonChannel } from '../../src/caching/coherence/coherence-message.ts';
import { createColumnCatalog, type Column } from '../../src/platform/postgres/column-catalog.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import { migrate } from '../../src/platform/postgres/migrations/migrations.ts';
import { readRequiredColumns } from '../../src/platform/postgres/required-columns.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import { TestClock } from '../support/clock.ts';
import { openTestDatabase } from '../support/command.ts';
import { createEmptyDatabase } from '../support/postgres.ts';

let database: Database;
let close: () => Promise<void>;

beforeAll(async () => ({ database, close } = await openTestDatabase()));
afterAll(() => close());

/** Reads the standard's own view, which is slow and right. */
async function informationSchema(): Promise<Map<string, Column[]>> {
  const { rows } = await database.pool.query<Column & { table: string }>(`
    select table_name as "table", column_name as name, data_type as type, is_nullable = 'YES' as "isNullable"
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name <> '_prisma_migrations'
    order by table_name, ordinal_position`);
  const tables = new Map<string, Column[]>();
  for (const { table, ...column } of rows) tables.set(table, [...(tables.get(table) ?? []), column]);
  return tables;
}

describe('the required columns', () => {
  it('are every column of every table, and nothing else', async () => {
    const tables = Array.from(await informationSchema(), ([table, columns]) => [
      table,
      columns.map(({ name }) => name).toSorted(),
    ]);
    const required = Array.from(readRequiredColumns(), ([table, columns]) => [
      table,
      columns.map(({ name }) => name).toSorted(),
    ]);

    expect(required.length).toBeGreaterThan(10);
    expect(Object.fromEntries(required)).toEqual(Object.fromEntries(tables));
  });

  it('are isolating when they hold an id', async () => {
    const ids = Array.from(await informationSchema(), ([table, columns]) =>
      columns.filter(({ type }) => type === 'uuid').map(({ name }) => `${table}.${name}`),
    ).flat();
    const isolating = Array.from(readRequiredColumns(), ([table, columns]) =>
      columns.filter((column) => column.isIsolating).map(({ name }) => `${table}.${name}`),
    ).flat();

    expect(isolating).toEqual(
      expect.arrayContaining(['messages.tenant_id', 'messages.author_id', 'audit_log.tenant_id']),
    );
    expect(isolating.toSorted()).toEqual(ids.toSorted());
  });
});

describe('a migration', () => {
  it('invalidates the column catalog of all processes', async () => {
    const empty = await createEmptyDatabase();
    const client = new Client({ connectionString: empty.url });
    await client.connect();
    const payloads: (string | undefined)[] = [];
    client.on('notification', ({ payload }) => payloads.push(payload));
    await client.query(`listen "${commonChannel}"`);
    await migrate(empty.url, { logger: createLogger({ level: 'silent' }) });
    await expect.poll(() => payloads.join()).toContain('cache:SCHEMA');
    await client.end();
    await empty.drop();
  });
});

describe('the column catalog', () => {
  const aColumnCatalog = () =>
    createColumnCatalog(
      database,
      new Cache<readonly Column[]>({
        name: 'SCHEMA',
        ttlMs: 1000,
        negativeTtlMs: 1000,
        entriesMax: 100,
        clock: new TestClock(),
      }),
    );

  it('returns the same columns as information_schema', async () => {
    const tables = await informationSchema();

    expect(await aColumnCatalog().columnsOf([...tables.keys()])).toEqual([...tables.values()]);
  });

  it('reads all tables in one statement, and none twice before it is invalidated', async () => {
    const columnCatalog = aColumnCatalog();
    let statements = 0;
    const stop = database.observe(() => (statements += 1));

    await columnCatalog.columnsOf(['users', 'models']);
    await columnCatalog.columnsOf(['models', 'users']);
    expect(statements).toBe(1);
    await columnCatalog.forget();
    await columnCatalog.columnsOf(['users']);
    stop();

    expect(statements).toBe(2);
  });

  it('returns null for a table that does not exist, and the columns of the next table', async () => {
    const [none, models] = await aColumnCatalog().columnsOf(['unicorns', 'models']);

    expect(none).toBeNull();
    expect(models?.[0]).toEqual({ name: 'slug', type: 'character varying', isNullable: false });
  });
});
