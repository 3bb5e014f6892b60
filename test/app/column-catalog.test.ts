import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cache } from '../../src/caching/cache.ts';
import { commonChannel } from '../../src/caching/coherence/coherence-message.ts';
import { createCatalogue, type Column } from '../../src/platform/postgres/column-catalog.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import { migrate } from '../../src/platform/postgres/migrations/migrations.ts';
import { readNeededColumns } from '../../src/platform/postgres/required-columns.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import { TestClock } from '../support/clock.ts';
import { openTestDatabase } from '../support/command.ts';
import { createEmptyDatabase } from '../support/postgres.ts';

let database: Database;
let close: () => Promise<void>;

beforeAll(async () => ({ database, close } = await openTestDatabase()));
afterAll(() => close());

/** What the standard's own view says, which is slow and right. */
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

describe('what the code needs', () => {
  it('is every column of every table, and nothing else', async () => {
    const tables = Array.from(await informationSchema(), ([table, columns]) => [
      table,
      columns.map(({ name }) => name).toSorted(),
    ]);
    const needed = Array.from(readNeededColumns(), ([table, columns]) => [
      table,
      columns.map(({ name }) => name).toSorted(),
    ]);

    expect(needed.length).toBeGreaterThan(10);
    expect(Object.fromEntries(needed)).toEqual(Object.fromEntries(tables));
  });

  it('keeps tenants apart by every column that holds an id', async () => {
    const ids = Array.from(await informationSchema(), ([table, columns]) =>
      columns.filter(({ type }) => type === 'uuid').map(({ name }) => `${table}.${name}`),
    ).flat();
    const isolating = Array.from(readNeededColumns(), ([table, columns]) =>
      columns.filter((column) => column.isIsolating).map(({ name }) => `${table}.${name}`),
    ).flat();

    expect(isolating).toEqual(
      expect.arrayContaining(['messages.tenant_id', 'messages.author_id', 'audit_log.tenant_id']),
    );
    expect(isolating.toSorted()).toEqual(ids.toSorted());
  });
});

describe('a migration', () => {
  it('tells all processes to look at the columns again', async () => {
    const empty = await createEmptyDatabase();
    const client = new Client({ connectionString: empty.url });
    await client.connect();
    const told: (string | undefined)[] = [];
    client.on('notification', ({ payload }) => told.push(payload));
    await client.query(`listen "${commonChannel}"`);
    await migrate(empty.url, { logger: createLogger({ level: 'silent' }) });
    await expect.poll(() => told.join()).toContain('cache:SCHEMA');
    await client.end();
    await empty.drop();
  });
});

describe('the catalogue', () => {
  const aCatalogue = () =>
    createCatalogue(
      database,
      new Cache<readonly Column[]>({
        name: 'SCHEMA',
        ttlMs: 1000,
        negativeTtlMs: 1000,
        entriesMax: 100,
        clock: new TestClock(),
      }),
    );

  it('says what information_schema says', async () => {
    const tables = await informationSchema();

    expect(await aCatalogue().columnsOf([...tables.keys()])).toEqual([...tables.values()]);
  });

  it('reads all tables in one statement, and none twice before it is told to forget', async () => {
    const catalogue = aCatalogue();
    let statements = 0;
    const stop = database.observe(() => (statements += 1));

    await catalogue.columnsOf(['users', 'models']);
    await catalogue.columnsOf(['models', 'users']);
    expect(statements).toBe(1);
    await catalogue.forget();
    await catalogue.columnsOf(['users']);
    stop();

    expect(statements).toBe(2);
  });

  it('answers null for a table that does not exist, and does not confuse it with the next', async () => {
    const [none, models] = await aCatalogue().columnsOf(['unicorns', 'models']);

    expect(none).toBeNull();
    expect(models?.[0]).toEqual({ name: 'slug', type: 'character varying', isNullable: false });
  });
});
