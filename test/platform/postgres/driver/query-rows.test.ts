import { types } from 'pg';
import sql from '../../../../src/platform/postgres/sql.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cancellation } from '../../../../src/platform/runtime/cancellation.ts';
import type { Database } from '../../../../src/platform/postgres/database.ts';
import { openDatabase } from '../../../../src/platform/postgres/open-database.ts';
import { Refusal, Unavailable } from '../../../../src/platform/errors.ts';
import { createLogger } from '../../../../src/platform/telemetry/logger.ts';
import { createTestDatabase, execute, type TestDatabase } from '../../../support/postgres.ts';

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

// One connection, so that each statement meets what the last one left behind.
beforeEach(() => {
  database = openDatabase({
    url: testDatabase.url,
    steadySize: 1,
    overflowSize: 0,
    logger: createLogger({ level: 'silent' }),
  });
});

afterEach(async () => await database.close());

afterAll(async () => await testDatabase.drop());

describe('rows', () => {
  it('are the same while a statement is new, when it is prepared, and when it is prepared already', async () => {
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
    for (let time = 1; time <= 4; time += 1) expect(await ask(text, ['Ada'])).toEqual([expected]);
  });

  it('have an object for columns that are named after it, which is null when the first of them is', async () => {
    const text = `select 1 as id, owner.id as "owner.id", owner.name as "owner.name" from (values
      (1, 'Ada'), (2, null), (null, 'nobody')) as owner(id, name)`;

    expect(await ask(text)).toEqual([
      { id: 1, owner: { id: 1, name: 'Ada' } },
      { id: 1, owner: { id: 2, name: null } },
      { id: 1, owner: null },
    ]);
  });

  it('are described by PostgreSQL until their statement is prepared, and never again', async () => {
    const client = await database.pool.connect();
    const describeRows = vi.spyOn(client.connection, 'describe');
    client.release();
    for (let time = 1; time <= 5; time += 1) await ask('select 1 as one');

    expect(describeRows).toHaveBeenCalledTimes(2);
  });

  it('of one statement are of one shape, and of another of another', async () => {
    for (let time = 1; time <= 3; time += 1) {
      expect(await ask('select 1 as a, 2 as b')).toEqual([{ a: 1, b: 2 }]);
      expect(await ask("select 'x' as a, 2 as b")).toEqual([{ a: 'x', b: 2 }]);
      expect(await ask('select 1 as b, 2 as a')).toEqual([{ a: 2, b: 1 }]);
    }
  });

  it('are none where a statement answers none, however often it is asked', async () => {
    await execute(testDatabase.url, 'create table nothing (id int)');
    for (let time = 1; time <= 3; time += 1) {
      expect(await ask('select id from nothing')).toEqual([]);
      expect(await ask('insert into nothing select 1 where false')).toEqual([]);
    }
    expect(await ask('')).toEqual([]);
  });

  it('are right again after the columns of a prepared statement have changed', async () => {
    await execute(testDatabase.url, 'create table changing (id int); insert into changing values (1)');
    const text = 'select * from changing';
    for (let time = 1; time <= 3; time += 1) expect(await ask(text)).toEqual([{ id: 1 }]);
    await execute(testDatabase.url, `alter table changing add name text default 'new'`);

    await expect(ask(text)).rejects.toThrow('cached plan must not change result type');
    for (let time = 1; time <= 3; time += 1) expect(await ask(text)).toEqual([{ id: 1, name: 'new' }]);
  });

  it('that cannot be read fail the statement, not the process', async () => {
    types.setTypeParser(types.builtins.MONEY, () => {
      throw new Error('nobody can read this');
    });

    await expect(ask('select 1::money as a')).rejects.toThrow('nobody can read this');
    expect(await ask("select 'x'::text as a")).toEqual([{ a: 'x' }]);
  });
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
  ])('takes a %s: %j', async (type, value) => {
    for (let time = 1; time <= 3; time += 1) {
      expect(await ask(`select $1::${type} as value`, [value])).toEqual([{ value }]);
    }
  });

  it('takes many values of all kinds, each at its place', async () => {
    const values = ['ä', null, Buffer.from([1, 2]), '', 'x'.repeat(20_000), Buffer.alloc(0), 5];
    for (let time = 1; time <= 3; time += 1) {
      const [row] = await ask(
        `select $1::text a, $2::text b, $3::bytea c, $4::text d, $5::text e, $6::bytea f, $7::int g`,
        values,
      );
      expect(Object.values(row ?? {})).toEqual(values);
    }
  });

  it('is told whose it was when it fails', async () => {
    const error: unknown = await ask('select nothing').catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: '42703', stack: expect.stringContaining('query-rows.test.ts') });
  });

  it('that wants the rows of a COPY fails, and the next one is answered', async () => {
    await expect(ask('copy tenants from stdin')).rejects.toThrow();
    expect(await ask('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is stopped when nobody waits for it any more, and the next one is answered', async () => {
    const cancellation = new Cancellation();
    const stopped = new Refusal('TIMEOUT', 'Nobody waits.');
    const forRequest = database.until(cancellation);
    const asleep = expect(forRequest.query({ text: 'select pg_sleep(60)', values: [] })).rejects.toBe(
      stopped,
    );
    await expect.poll(sleepers).toBe(1);
    cancellation.cancel(stopped);
    await asleep;

    await expect.poll(sleepers).toBe(0);
    await expect(forRequest.query({ text: 'select 1 as one', values: [] })).rejects.toBe(stopped);
    expect(await ask('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is refused as unavailable when its connection is cut, and so is nobody afterwards', async () => {
    const asleep = expect(ask('select pg_sleep(60)')).rejects.toThrow(Unavailable);
    await expect.poll(sleepers).toBe(1);
    await execute(testDatabase.url, `select pg_terminate_backend(pid) ${fromSleepers}`);
    await asleep;

    expect(await ask('select 1 as one')).toEqual([{ one: 1 }]);
  });
});

it('a connection that is cut while it is lent out and idle does not end the process', async () => {
  const client = await database.pool.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const closed = new Promise<void>((resolve) => client.on('end', resolve));
  await execute(testDatabase.url, `select pg_terminate_backend(${rows[0]?.pid})`);
  await closed;
  client.release();

  expect(await ask('select 1 as one')).toEqual([{ one: 1 }]);
});

const fromSleepers = `from pg_stat_activity
  where datname = current_database() and query = 'select pg_sleep(60)' and state = 'active'`;

async function sleepers(): Promise<number> {
  const rows = await execute(testDatabase.url, `select count(*)::int as count ${fromSleepers}`);
  return Number(rows[0]?.['count']);
}

async function ask(text: string, values: readonly unknown[] = []): Promise<object[]> {
  return await database.query({ text, values });
}

describe('a statement that PostgreSQL neither answers nor stops', () => {
  beforeEach(async () => {
    await database.close();
    database = openDatabase({
      url: testDatabase.url,
      steadySize: 1,
      overflowSize: 0,
      logger: createLogger({ level: 'silent' }),
      timeouts: { statementMs: 200, patienceMs: 60_000 },
    });
    await ask(`select set_config('statement_timeout', '0', false)`, []);
  });

  it('is given up with its connection, and the next one gets another', async () => {
    await expect(ask('select pg_sleep(30)', [])).rejects.toThrow(Unavailable);

    expect(await ask('select 1 as one', [])).toEqual([{ one: 1 }]);
  });

  it.each([
    ['a text', 'select pg_sleep(30)'],
    ['an object', { text: 'select pg_sleep($1)', values: [30] }],
    ['made by a template', sql`select pg_sleep(${30})`],
  ])('is given up also when it is not one of ours: %s', async (_name, statement) => {
    await expect(database.pool.query(statement)).rejects.toThrow('Query read timeout');
    await expect(database.pool.query({ text: 'select 1 as one' })).resolves.toMatchObject({
      rows: [{ one: 1 }],
    });
  });
});
