import { Connection, types } from 'pg';
import sql from 'sql-template-tag';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cancellation } from '../../../../src/platform/runtime/cancellation.ts';
import type { Database } from '../../../../src/platform/postgres/database.ts';
import { createDriver, type DriverName } from '../../../../src/platform/postgres/driver/driver.ts';
import { openDatabase } from '../../../../src/platform/postgres/open-database.ts';
import { Refusal, Unavailable } from '../../../../src/platform/errors.ts';
import { createLogger } from '../../../../src/platform/telemetry/logger.ts';
import { createTestDatabase, execute, type TestDatabase } from '../../../support/postgres.ts';

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(async () => await testDatabase.drop());

const drivers: readonly DriverName[] = ['binary', 'pg'];

/** A value of each column type of the tables, as PostgreSQL's text and as both drivers decode it. */
const columnTypes: Readonly<Record<string, { readonly text: string; readonly value: unknown }>> = {
  boolean: { text: 't', value: true },
  bytea: { text: String.raw`\x005cff`, value: Buffer.from([0, 92, 255]) },
  'character varying': { text: 'ä€😀', value: 'ä€😀' },
  'double precision': { text: '-0.25', value: -0.25 },
  integer: { text: '-2147483648', value: -2_147_483_648 },
  jsonb: { text: '{"a": [1, null, "ä"]}', value: { a: [1, null, 'ä'] } },
  // Represents all enums.
  message_role: { text: 'USER', value: 'USER' },
  smallint: { text: '-32768', value: -32_768 },
  text: { text: '', value: '' },
  'text[]': { text: '{a,NULL,"b c"}', value: ['a', null, 'b c'] },
  'timestamp with time zone': {
    text: '1999-12-31 23:59:59.999+01',
    value: new Date('1999-12-31T22:59:59.999Z'),
  },
  tsvector: { text: "'ada':1 'parley':2", value: "'ada':1 'parley':2" },
  uuid: { text: '0190f6a2-1234-7abc-8def-0123456789ab', value: '0190f6a2-1234-7abc-8def-0123456789ab' },
};
const sampleTypes = Object.keys(columnTypes);

/** Opens one connection, so that each statement meets the state that the previous one left behind. */
function open(driver: DriverName, timeouts = {}): Database {
  const logger = createLogger({ level: 'silent' });
  return openDatabase({ url: testDatabase.url, steadySize: 1, overflowSize: 0, logger, driver, timeouts });
}

describe.each(drivers)('the driver %s', (driver) => {
  beforeEach(() => void (database = open(driver)));
  afterEach(async () => await database.close());

  describe('rows', () => {
    it('are the same for a new statement, one that is being prepared and a prepared one', async () => {
      const text = `select count(*) as total, $1::text as "the ""name""", null::uuid as nothing,
      '0190f6a2-1234-7abc-8def-0123456789ab'::uuid as id, -7 as number,
      true as flag, array['a', 'b'] as list, '{"deep": [1]}'::jsonb as document, 1.5::real as part,
      '2026-11-20 03:37:46.123+00'::timestamptz as at from generate_series(1, 3)`;
      const expected = {
        total: 3,
        'the "name"': 'Ada',
        nothing: null,
        id: '0190f6a2-1234-7abc-8def-0123456789ab',
        number: -7,
        flag: true,
        list: ['a', 'b'],
        document: { deep: [1] },
        part: 1.5,
        at: new Date('2026-11-20T03:37:46.123Z'),
      };
      for (let time = 1; time <= 4; time += 1) expect(await run(text, ['Ada'])).toEqual([expected]);
    });

    it('have an object for columns named after it, which is null when the first of these columns is', async () => {
      const text = `select 1 as id, owner.id as "owner.id", owner.name as "owner.name" from (values
      (1, 'Ada'), (2, null), (null, 'nobody')) as owner(id, name)`;

      expect(await run(text)).toEqual([
        { id: 1, owner: { id: 1, name: 'Ada' } },
        { id: 1, owner: { id: 2, name: null } },
        { id: 1, owner: null },
      ]);
    });

    it('of statements with the same column names in another order or type keep their own shape', async () => {
      for (let time = 1; time <= 3; time += 1) {
        expect(await run('select 1 as a, 2 as b')).toEqual([{ a: 1, b: 2 }]);
        expect(await run("select 'x' as a, 2 as b")).toEqual([{ a: 'x', b: 2 }]);
        expect(await run('select 1 as b, 2 as a')).toEqual([{ a: 2, b: 1 }]);
      }
    });

    it('are an empty list for statements without rows, prepared or not', async () => {
      await execute(testDatabase.url, 'create table if not exists nothing (id int)');
      for (let time = 1; time <= 3; time += 1) {
        expect(await run('select id from nothing')).toEqual([]);
        expect(await run('insert into nothing select 1 where false')).toEqual([]);
      }
      expect(await run('')).toEqual([]);
    });

    it('are complete again after the columns of a prepared statement have changed', async () => {
      await execute(
        testDatabase.url,
        'drop table if exists changing; create table changing (id int); insert into changing values (1)',
      );
      const text = 'select * from changing';
      for (let time = 1; time <= 3; time += 1) expect(await run(text)).toEqual([{ id: 1 }]);
      await execute(testDatabase.url, `alter table changing add name text default 'new'`);

      await expect(run(text)).rejects.toThrow('cached plan must not change result type');
      for (let time = 1; time <= 3; time += 1) expect(await run(text)).toEqual([{ id: 1, name: 'new' }]);
    });

    it('that cannot be decoded fail the statement, not the process', async () => {
      types.setTypeParser(types.builtins.MONEY, () => {
        throw new Error('unreadable');
      });

      await expect(run('select 1::money as a')).rejects.toThrow('unreadable');
      expect(await run("select 'x'::text as a")).toEqual([{ a: 'x' }]);
    });
  });

  it.each(sampleTypes)('decodes a value of every column type of the tables: %s', async (type) => {
    const { text, value } = columnTypes[type] ?? { text: '', value: null };
    for (let time = 1; time <= 3; time += 1) {
      expect(await run(`select $1::text::${type} as value, null::${type} as nothing`, [text])).toEqual([
        { value, nothing: null },
      ]);
    }
  });

  describe('a statement', () => {
    it.each([
      ['text', `it's "quoted" \\\\ {and} more`],
      ['text', ''],
      ['text', null],
      ['bytea', Buffer.from([0, 92, 255])],
      ['int', 7],
      ['boolean', false],
      ['timestamptz', new Date('0099-03-01T00:00:00.001Z')],
      ['jsonb', { list: [1, null], text: '"' }],
      ['int[]', [1, null, -3]],
      ['text[]', ['plain', '', 'null', 'NULL', 'a b', 'a,b', '{}', '"', '\\\\', 'ä', null]],
      ['uuid[]', ['01234567-89ab-cdef-fedc-ba9876543210']],
      ['timestamptz[]', [new Date(0)]],
      ['bytea[]', [Buffer.from([0, 92, 255])]],
      [
        'int[][]',
        [
          [1, 2],
          [3, null],
        ],
      ],
      ['text[]', []],
    ])('accepts a value of type %s: %j', async (type, value) => {
      for (let time = 1; time <= 3; time += 1) {
        expect(await run(`select $1::${type} as value`, [value])).toEqual([{ value }]);
      }
    });

    it('accepts many values of all kinds, each in its place', async () => {
      const values = ['ä', null, Buffer.from([1, 2]), '', 'x'.repeat(20_000), Buffer.alloc(0), 5];
      for (let time = 1; time <= 3; time += 1) {
        const [row] = await run(
          `select $1::text a, $2::text b, $3::bytea c, $4::text d, $5::text e, $6::bytea f, $7::int g`,
          values,
        );
        expect(Object.values(row ?? {})).toEqual(values);
      }
    });

    it('fails with the stack of its caller', async () => {
      const error: unknown = await run('select nothing').catch((reason: unknown) => reason);

      expect(error).toMatchObject({ code: '42703', stack: expect.stringContaining('driver.test.ts') });
    });

    it('that requires the rows of a COPY fails, and the next one succeeds', async () => {
      await expect(run('copy tenants from stdin')).rejects.toThrow();
      expect(await run('select 1 as one')).toEqual([{ one: 1 }]);
    });

    it('is cancelled in PostgreSQL with its request, and the next one succeeds', async () => {
      const cancellation = new Cancellation();
      const stopped = new Refusal('TIMEOUT', 'The client disconnected.');
      const forRequest = database.until(cancellation);
      const asleep = expect(forRequest.query({ text: 'select pg_sleep(60)', values: [] })).rejects.toBe(
        stopped,
      );
      await expect.poll(sleepers).toBe(1);
      cancellation.cancel(stopped);
      await asleep;

      await expect.poll(sleepers).toBe(0);
      await expect(forRequest.query({ text: 'select 1 as one', values: [] })).rejects.toBe(stopped);
      expect(await run('select 1 as one')).toEqual([{ one: 1 }]);
    });

    it('fails as unavailable when its connection is closed, and the next one succeeds', async () => {
      const asleep = expect(run('select pg_sleep(60)')).rejects.toThrow(Unavailable);
      await expect.poll(sleepers).toBe(1);
      await execute(testDatabase.url, `select pg_terminate_backend(pid) ${fromSleepers}`);
      await asleep;

      expect(await run('select 1 as one')).toEqual([{ one: 1 }]);
    });
  });

  it('a connection that is closed while it is in use and idle does not end the process', async () => {
    const client = await database.pool.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const closed = new Promise<void>((resolve) => client.on('end', resolve));
    await execute(testDatabase.url, `select pg_terminate_backend(${rows[0]?.pid})`);
    await closed;
    client.release();

    expect(await run('select 1 as one')).toEqual([{ one: 1 }]);
  });

  const fromSleepers = `from pg_stat_activity
  where datname = current_database() and query = 'select pg_sleep(60)' and state = 'active'`;

  async function sleepers(): Promise<number> {
    const rows = await execute(testDatabase.url, `select count(*)::int as count ${fromSleepers}`);
    return Number(rows[0]?.['count']);
  }

  async function run(text: string, values: readonly unknown[] = []): Promise<object[]> {
    return await database.query({ text, values });
  }

  describe('a statement that PostgreSQL neither answers nor cancels', () => {
    beforeEach(async () => {
      await database.close();
      database = open(driver, { statementMs: 200, patienceMs: 60_000 });
      await run(`select set_config('statement_timeout', '0', false)`, []);
    });

    it('fails with its connection, and the next one gets a new connection', async () => {
      await expect(run('select pg_sleep(30)', [])).rejects.toThrow(Unavailable);

      expect(await run('select 1 as one', [])).toEqual([{ one: 1 }]);
    });

    it.each([
      ['a text', 'select pg_sleep(30)'],
      ['an object', { text: 'select pg_sleep($1)', values: [30] }],
      ['a template', sql`select pg_sleep(${30})`],
    ])('fails also when pg runs it: %s', async (_name, statement) => {
      await expect(database.pool.query(statement)).rejects.toThrow('Query read timeout');
      await expect(database.pool.query({ text: 'select 1 as one' })).resolves.toMatchObject({
        rows: [{ one: 1 }],
      });
    });
  });
});

it('the samples above cover every column type of the tables', async () => {
  const used = await execute(
    testDatabase.url,
    `select distinct case t.typtype when 'e' then 'message_role' else format_type(t.oid, null) end as type
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      join pg_type t on t.oid = a.atttypid
      where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')`,
  );

  expect(used.map(({ type }) => type).filter((type) => !sampleTypes.includes(String(type)))).toEqual([]);
});

describe('the binary driver', () => {
  it('has a prepared statement described once', async () => {
    database = open('binary');
    const client = await database.pool.connect();
    const describeRows = vi.spyOn(client.connection, 'describe');
    client.release();
    for (let time = 1; time <= 5; time += 1) await database.query({ text: 'select 1 as one', values: [] });
    await database.close();

    // Once as an unnamed statement, once when it is prepared.
    expect(describeRows).toHaveBeenCalledTimes(2);
  });

  it('refuses a pg without the hook that it needs, which the driver pg does not need', () => {
    const attach: unknown = Reflect.get(Connection.prototype, 'attachListeners');
    Reflect.deleteProperty(Connection.prototype, 'attachListeners');
    try {
      expect(() => open('binary')).toThrow('Unsupported pg version: Connection.attachListeners is missing.');
      expect(() => createDriver('pg')).not.toThrow();
    } finally {
      Reflect.set(Connection.prototype, 'attachListeners', attach);
    }
  });
});
