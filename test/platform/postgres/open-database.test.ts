import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Database, Statement } from '../../../src/platform/postgres/database.ts';
import { openDatabase, type OpenDatabaseOptions } from '../../../src/platform/postgres/open-database.ts';
import { Unavailable } from '../../../src/platform/errors.ts';
import { createId } from '../../../src/platform/ids.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { createTestDatabase, execute, type TestDatabase } from '../../support/postgres.ts';

const logger = createLogger({ level: 'silent' });

let testDatabase: TestDatabase;
let opened: Database[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(async () => {
  for (const database of opened) await database.close();
  opened = [];
});

afterAll(async () => await testDatabase.drop());

describe('query', () => {
  it('returns objects named by the select list, with counts as numbers and times as dates', async () => {
    const rows = await open().query({
      text: `select count(*) as "messageCount", $1::timestamptz as "createdAt" from messages`,
      values: ['2026-11-20T03:37:46.123Z'],
    });

    expect(rows).toEqual([{ messageCount: 0, createdAt: new Date('2026-11-20T03:37:46.123Z') }]);
  });

  it('prepares a statement once per connection, from the second use on', async () => {
    const database = open({ steadySize: 1, overflowSize: 0 });
    for (const id of [1, 2, 3, 4]) await database.query({ text: 'select $1::int as id', values: [id] });

    expect(
      await database.query({
        text: `select (generic_plans + custom_plans)::int as uses from pg_prepared_statements where statement like 'select $1%'`,
        values: [],
      }),
    ).toEqual([{ uses: 3 }]);
  });

  it('is UNAVAILABLE when no connection is released in time', async () => {
    const database = open({ steadySize: 1, overflowSize: 1, timeouts: { connectMs: 1000 } });
    const held = [await database.pool.connect(), await database.pool.connect()];
    const startedAt = performance.now();

    await expect(selectOne(database)).rejects.toThrow(Unavailable);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    for (const client of held) client.release();
    await expect(selectOne(database)).resolves.toEqual([{ one: 1 }]);
  });

  it('is TIMEOUT when PostgreSQL takes too long', async () => {
    const database = open({ timeouts: { statementMs: 100 } });

    await expect(database.query({ text: 'select pg_sleep(60)', values: [] })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
  });

  it('is UNAVAILABLE when the server does not respond', async () => {
    const database = open({ steadySize: 1, overflowSize: 0, timeouts: { statementMs: 100 } });
    const [backend] = await database.query<{ pid: number }>({
      text: 'select pg_backend_pid() as pid',
      values: [],
    });
    const pid = backend?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      await expect(selectOne(database)).rejects.toThrow(Unavailable);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await expect(selectOne(database)).resolves.toEqual([{ one: 1 }]);
  });

  it('is UNAVAILABLE when its connection is cut, and the next one uses another', async () => {
    const database = open();
    const sleeping = database.query({ text: 'select pg_sleep(60)', values: [] });
    const cut = expect(sleeping).rejects.toThrow(Unavailable);
    await expect
      .poll(async () => await execute(testDatabase.url, cutSleepers))
      .toEqual([{ pg_terminate_backend: true }]);
    await cut;

    await expect(selectOne(database)).resolves.toEqual([{ one: 1 }]);
  });

  it('is UNAVAILABLE without a server, or after the database was closed', async () => {
    const nowhere = open({ url: 'postgres://somebody@127.0.0.1:1/nowhere' });
    const closed = openDatabase({ url: testDatabase.url, steadySize: 1, overflowSize: 0, logger });
    await closed.close();

    await expect(selectOne(nowhere)).rejects.toThrow(Unavailable);
    await expect(selectOne(closed)).rejects.toThrow(Unavailable);
  });

  it("throws PostgreSQL's error for an invalid statement", async () => {
    await expect(open().query({ text: 'select nothing', values: [] })).rejects.toMatchObject({
      code: '42703',
    });
  });
});

describe('a connection', () => {
  it('that is released inside a transaction is not reused', async () => {
    const database = open({ steadySize: 1, overflowSize: 0 });
    const client = await database.pool.connect();
    await client.query('begin');
    const { rows } = await client.query('select pg_backend_pid() as pid');
    client.release();

    expect(await database.query({ text: 'select pg_backend_pid() as pid', values: [] })).not.toEqual(rows);
  });

  it('starts no parallel workers for short statements, unless the URL overrides it', async () => {
    await execute(
      testDatabase.url,
      `create table large as select n, n % 10 as digit from generate_series(1, 400000) n; analyze large`,
    );
    const text = 'explain select count(*) from large where digit = 1';
    const url = new URL(testDatabase.url);
    url.searchParams.set('options', '-c parallel_setup_cost=0');
    const [bare, own, told] = [
      await execute(testDatabase.url, text),
      await open().query({ text, values: [] }),
      await open({ url: url.toString() }).query({ text, values: [] }),
    ];

    expect(JSON.stringify(bare)).toContain('Workers Planned');
    expect(JSON.stringify(own)).not.toContain('Workers Planned');
    expect(JSON.stringify(told)).toContain('Workers Planned');
  });

  it('uses UTC with any server time zone', async () => {
    const name = new URL(testDatabase.url).pathname.slice(1);
    await execute(testDatabase.url, `alter database ${name} set timezone = 'Asia/Kolkata'`);
    const database = open();
    const lastLoginAt = new Date('2026-11-20T03:37:46.123Z');
    const { id } = await database.prisma.user.create({ data: { id: createId(), lastLoginAt } });

    expect(
      await database.query({ text: 'select last_login_at as "at" from users where id = $1', values: [id] }),
    ).toEqual([{ at: lastLoginAt }]);
    expect(await database.prisma.user.findUnique({ where: { id }, select: { lastLoginAt: true } })).toEqual({
      lastLoginAt,
    });
  });
});

describe('observe', () => {
  it("tells of every statement, ours, Prisma's, and COPY, until it is stopped", async () => {
    const database = open();
    const seen: Statement[] = [];
    const stop = database.observe((statement) => seen.push(statement));
    await selectOne(database);
    await database.prisma.$transaction(async (tx) => await tx.tenant.count());
    await copyNothing(database);
    await expect(database.query({ text: 'select nothing', values: [] })).rejects.toThrow('nothing');
    stop();
    await selectOne(database);

    expect(seen.map(({ text, failed }) => [text.split(' ')[0], failed])).toEqual([
      ['select', false],
      ['BEGIN', false],
      ['SELECT', false],
      ['COMMIT', false],
      ['copy', false],
      ['select', true],
    ]);
    expect(seen.every(({ durationMs }) => durationMs > 0)).toBe(true);
  });

  it('notifies several listeners', async () => {
    const database = open();
    const texts: string[] = [];
    database.observe(({ text }) => texts.push(`first ${text}`));
    database.observe(({ text }) => texts.push(`second ${text}`));
    await selectOne(database);

    expect(texts).toEqual(['first select 1 as one', 'second select 1 as one']);
  });
});

const cutSleepers = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and query = 'select pg_sleep(60)' and state = 'active'`;

function open(options: Partial<OpenDatabaseOptions> = {}): Database {
  const database = openDatabase({
    url: testDatabase.url,
    steadySize: 1,
    overflowSize: 3,
    logger,
    ...options,
  });
  opened.push(database);
  return database;
}

async function selectOne(database: Database): Promise<object[]> {
  return await database.query({ text: 'select 1 as one', values: [] });
}

async function copyNothing(database: Database): Promise<void> {
  const client = await database.pool.connect();
  await pipeline([], client.query(copyFrom('copy tenants from stdin')));
  client.release();
}
