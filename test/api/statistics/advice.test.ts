import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStatisticsQueries, type StatisticsQueries } from '../../../src/domains/statistics/queries.ts';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { openTestDatabase } from '../../support/command.ts';

/** What PostgreSQL has counted of a statement in 8 calls of 100 ms. */
interface Counted {
  readonly spilt?: number;
  readonly hit?: number;
  readonly read?: number;
  readonly rows?: number;
  readonly max?: number;
}

let database: Database;
let queries: StatisticsQueries;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ database, close } = await openTestDatabase());
  queries = createStatisticsQueries(database);
  await database.query(sql`insert into users (id, first_name, last_name)
    select gen_random_uuid(), 'Ada', 'Person ' || n from generate_series(1, 12000) n`);
  await database.query(sql`analyze users`);
});
afterAll(() => close());

const slowQuery = async (beginning: string) =>
  (await queries.slowQueries(200)).find(({ query }) => query.startsWith(beginning));

describe('a slow statement', () => {
  it('is explained by its plan, without its values', async () => {
    // How long a statement takes is what is tested; no statement on a small database is slow by itself.
    await fiveTimes(
      () =>
        sql`select u.email from users u
        where case u.last_name when 'Person 77' then pg_sleep(0.11) is not null end`,
    );

    expect(await slowQuery('select u.email')).toMatchObject({
      query: 'select u.email from users u where case u.last_name when $1 then pg_sleep($2) is not null end',
      calls: 5,
      isSlow: true,
      advice: expect.stringMatching(
        /^It reads all 12000 rows of users to find those with .*last_name.*\$1.*; an index/,
      ),
    });
  });

  it('is explained by its counters when its plan shows no problem', async () => {
    await fiveTimes(() => sql`select 1 as one, pg_sleep(0.11)`);

    expect(await slowQuery('select $1 as one')).toMatchObject({
      isSlow: true,
      advice: 'It touches little: the time goes into computing, or into waiting.',
    });
  });

  it('is explained also when its table is gone', async () => {
    await database.query(sql`create table passing (id integer)`);
    await database.query(sql`insert into passing values (1)`);
    await fiveTimes(() => sql`select id, pg_sleep(0.11) from passing`);
    await database.query(sql`drop table passing`);

    expect(await slowQuery('select id, pg_sleep')).toMatchObject({
      advice: expect.stringContaining('It touches little'),
    });
  });

  it('is explained by what it reads when its plan looks harmless', async () => {
    await fiveTimes(
      () => sql`select u.id, pg_sleep(0.11) from users u
        where u.id = (select id from users order by id limit 1)`,
    );

    expect(await slowQuery('select u.id')).toMatchObject({
      advice: expect.stringMatching(/ It reaches users by users_pkey\.$/),
    });
  });

  it('of another role is not planned, because planning can call functions that it names', async () => {
    const role = `other_${process.pid}`;
    await database.pool.query(`create role ${role}; grant select on users to ${role}`);
    const client = await database.pool.connect();
    await client.query(`set role ${role}`);
    for (let call = 0; call < 5; call += 1) {
      await client.query(
        `select last_name from users where case last_name when 'Person 77' then pg_sleep(0.11) is not null end`,
      );
    }
    await client.query(`reset role; drop owned by ${role}`);
    client.release();
    const slow = await slowQuery('select last_name');
    await database.pool.query(`drop role ${role}`);

    expect(slow).toMatchObject({ isSlow: true, advice: expect.not.stringContaining('It reads all') });
  });

  it('is not reported with four calls', async () => {
    for (let call = 0; call < 4; call += 1)
      await database.query(sql`select 2 as two, 3 as three, pg_sleep(0.11)`);

    expect(await slowQuery('select $1 as two')).toMatchObject({ isSlow: false, advice: null });
  });

  it.each<[Counted, RegExp]>([
    [{ spilt: 8 }, /^It writes 8192 bytes of sorted/],
    [{ hit: 10, read: 90 }, /^It reads 90 kB from disk/],
    [{ rows: 10_000 }, /^It answers 1250 rows/],
    [{ max: 3000 }, /at times only/],
    [{ hit: 80_000, rows: 20 }, /^It goes through 78 MB in a call, block by block, for 2.5 rows/],
  ])('has a reason in its counters: %j', async (counted, reason) => {
    const { spilt = 0, hit = 0, read = 0, rows = 0, max = 100 } = counted;
    const [row] = await database.query<{ reason: string }>(
      sql`select counted_weakness(8, 100, ${max}, ${rows}, ${hit}, ${read}, ${spilt}) as reason`,
    );

    expect(row?.reason).toMatch(reason);
  });
});

describe('a statement', () => {
  it.each([
    ["select 1 where name = 'a secret' and id = 2", 'select 1 where name = …'],
    ['select $body$a secret$body$', 'select …'],
    ['select  $1\n  as one ', 'select $1 as one'],
  ])('is shown without quoted values, in one line: %s', async (statement, preview) => {
    const [row] = await database.query<{ preview: string }>(
      sql`select statement_preview(${statement}) as preview`,
    );

    expect(row?.preview).toBe(preview);
  });

  it('is not shown where PostgreSQL keeps its values', async () => {
    await database.query(sql`comment on table exercises is 'a secret'`);

    expect(await slowQuery('comment on')).toBeUndefined();
  });
});

describe('the findings', () => {
  it('suspect a missing index after full scans of a large table', async () => {
    for (let call = 0; call < 100; call += 1) {
      await database.query(sql`select count(*) from users where first_name = 'Ada'`);
    }
    await flushStatistics();

    expect(await queries.findings()).toContainEqual(
      expect.objectContaining({
        kind: 'missing index',
        severity: 'warning',
        subject: 'users',
        finding: expect.stringMatching(/^read as a whole \d+ times, \d+ rows each time$/),
      }),
    );
  });

  it('report dead rows and old statistics', async () => {
    await database.query(sql`alter table users set (autovacuum_enabled = off)`);
    await database.query(sql`update users set first_name = 'Eva'`);
    await flushStatistics();

    expect((await queries.findings()).filter(({ subject }) => subject === 'users')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'dead rows', severity: 'warning' }),
        expect.objectContaining({ kind: 'statistics', severity: 'note' }),
      ]),
    );
  });

  it('report a table that was never analysed', async () => {
    await database.query(sql`create table fresh (id integer) with (autovacuum_enabled = off)`);
    await database.query(sql`insert into fresh select generate_series(1, 10000)`);
    await flushStatistics();

    expect(await queries.findings()).toContainEqual(
      expect.objectContaining({ kind: 'statistics', severity: 'warning', subject: 'fresh' }),
    );
    await queries.refresh();
    await flushStatistics();
    expect((await queries.findings()).filter(({ subject }) => subject === 'fresh')).toEqual([]);
  });

  it('report unused and invalid indexes', async () => {
    await database.query(
      sql`create index idle_idx on users (last_name, first_name, id, created_at, updated_at)`,
    );
    await database.query(sql`create table twice (id integer)`);
    await database.query(sql`insert into twice values (1), (1)`);
    await expect(
      database.pool.query('create unique index concurrently broken_idx on twice (id)'),
    ).rejects.toThrow('could not create unique index');
    const findings = await queries.findings();

    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'unused index', severity: 'note', subject: 'users_full_name_idx' }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'invalid index', severity: 'warning', subject: 'broken_idx' }),
    );
  });

  it('never report a unique index as unused', async () => {
    const { rows } = await database.pool.query<{ name: string }>('select name from find_unused_indexes()');
    const names = rows.map(({ name }) => name);

    expect(names).toContain('assignments_exercise_id_idx');
    expect(names.filter((name) => /_(pkey|key)$/.test(name))).toEqual([]);
  });

  it('put required actions first', async () => {
    const severities = (await queries.findings()).map(({ severity }) => severity);

    expect(severities).toEqual(severities.toSorted().toReversed());
    expect(new Set(severities).size).toBe(2);
  });
});

async function fiveTimes(statement: () => ReturnType<typeof sql>): Promise<void> {
  for (let call = 0; call < 5; call += 1) await database.query(statement());
}

/** A connection tells what it has done when it has been idle for a while, or when it is asked to. */
async function flushStatistics(): Promise<void> {
  await Promise.all(
    Array.from({ length: 8 }, () => database.pool.query('select pg_stat_force_next_flush()')),
  );
}
