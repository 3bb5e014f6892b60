import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyRows } from '../../../src/platform/postgres/copy-rows.ts';
import { inTransaction } from '../../../src/platform/postgres/transaction.ts';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { openTestDatabase } from '../../support/command.ts';

let database: Database;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ database, close } = await openTestDatabase());
  await database.pool.query(
    'create table things (id integer primary key, name text, at timestamptz, ok boolean)',
  );
});
afterAll(() => close());

const columns = ['id', 'name', 'at', 'ok'];

describe('copyRows', () => {
  it('inserts every value unchanged', async () => {
    const at = new Date('2026-11-20T12:00:00.123Z');
    const rows = [
      [1, '\\N', at, true],
      [2, null, null, null],
      [3, '\\.', at, false],
      [4, ' \t\r\n\\ \u0001 🙂 ', at, true],
      [5, '', at, true],
    ];
    const added = await inTransaction(database.pool, (client) => copyRows(client, 'things', columns, rows));

    expect(added).toBe(5);
    expect(await database.query({ text: 'select * from things order by id', values: [] })).toEqual(
      rows.map(([id, name, time, ok]) => ({ id, name, at: time, ok })),
    );
  });

  it('inserts nothing when the last of many rows is rejected', async () => {
    const rows = Array.from({ length: 5001 }, (_, index) => [10 + (index % 5000), 'x', null, null]);
    const copying = inTransaction(database.pool, (client) => copyRows(client, 'things', columns, rows));

    await expect(copying).rejects.toThrow('things_pkey');
    expect(await database.query({ text: 'select id from things where id >= 10', values: [] })).toEqual([]);
  });
});

describe('inTransaction', () => {
  it('releases its connection in every case', async () => {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      await expect(
        inTransaction(database.pool, async (client) => {
          await client.query('insert into things (id) values (99)');
          throw new Error('changed my mind');
        }),
      ).rejects.toThrow('changed my mind');
    }

    expect(database.poolState()).toMatchObject({ inUse: 0, waiting: 0 });
    expect(await database.query({ text: 'select id from things where id = 99', values: [] })).toEqual([]);
  });
});
