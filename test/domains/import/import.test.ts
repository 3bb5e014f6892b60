import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import sql from 'sql-template-tag';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { importFiles } from '../../../src/cli/import.ts';
import type { Line } from '../../../src/domains/import/lines.ts';
import { createImportQueries } from '../../../src/domains/import/queries.ts';
import { createImportService } from '../../../src/domains/import/service.ts';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { TestClock } from '../../support/clock.ts';
import { openTestDatabase, Written } from '../../support/command.ts';

let folder: string;
let database: Database;
let close: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-import-'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  ({ database, close } = await openTestDatabase());
});
afterEach(() => close());

const said = (author: string, createdAt: string, content: string) => ({ author, createdAt, content });

const conversation = (externalId: string, changes: object = {}) => ({
  tenant: 'ubuntu',
  externalId,
  title: `About ${externalId}`,
  messages: [
    said('ann', '2004-12-25T11:59:00Z', `${externalId} one`),
    said('bo', '2004-12-25T11:59:00Z', `${externalId} two`),
  ],
  ...changes,
});

const asLines = (objects: readonly unknown[]) =>
  objects.map((object) => `${JSON.stringify(object)}\n`).join('');

async function aFile(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function run(files: readonly string[], input = Readable.from([Buffer.alloc(0)])) {
  const output = new Written();
  const errors = new Written();
  const exitCode = await importFiles(files, { clock: new TestClock(), database, input, output, errors });
  return { exitCode, output: output.text, errors: errors.text };
}

/** Holds all writes to a table; the answer lets them go as soon as so many wait. */
async function gate(table: string): Promise<(waiting: number) => Promise<void>> {
  const client = await database.pool.connect();
  await client.query(`begin; lock table ${table} in share mode`);
  return async (waiting) => {
    for (let found = 0; found < waiting;) {
      const { rows } = await client.query<{ count: number }>(
        'select count(*) from pg_locks where relation = $1::regclass and not granted',
        [table],
      );
      found = rows[0]?.count ?? 0;
    }
    await client.query('commit');
    client.release();
  };
}

const contents = async (externalId: string) =>
  (
    await database.query<{ content: string }>(sql`select m.content from messages m
      join conversations c on c.tenant_id = m.tenant_id and c.id = m.conversation_id
      where c.external_id = ${externalId} order by m.position`)
  ).map((row) => row.content);

const externalIds = async () =>
  (
    await database.query<{ id: string }>(
      sql`select external_id as id from conversations order by external_id collate "C"`,
    )
  ).map((row) => row.id);

describe('parley import', () => {
  it('keeps the order of the file when times tie or run backwards', async () => {
    const messages = [
      said('ann', '2004-12-25T12:58:00Z', 'first'),
      said('bo', '2004-12-25T12:59:00Z', 'second'),
      said('ann', '2004-12-25T12:59:00Z', 'third'),
      said('cy', '2004-12-25T01:00:00Z', 'fourth'),
    ];
    const { exitCode } = await run([await aFile('order', asLines([conversation('a', { messages })]))]);

    expect(exitCode).toBe(0);
    expect(await contents('a')).toEqual(['first', 'second', 'third', 'fourth']);
    const [stored] =
      await database.query(sql`select title, visibility, owner_id as owner, message_count as count,
        last_position as last, created_at as created, last_message_at as "lastMessage", updated_at as updated
      from conversations`);
    expect(stored).toEqual({
      title: 'About a',
      visibility: 'TENANT',
      owner: null,
      count: 4,
      last: 4,
      created: new Date('2004-12-25T12:58:00Z'),
      lastMessage: new Date('2004-12-25T01:00:00Z'),
      updated: new Date('2004-12-25T12:59:00Z'),
    });
  });

  it('keeps every character of a message, its offset from UTC and its role', async () => {
    const content = ' tab\tline\nreturn\r\nback\\slash \\N \\. 🙂 é ';
    const messages = [
      { ...said('ann', '2004-12-25T01:00:00.250+02:00', content), role: 'ASSISTANT' },
      { ...said('ann', '2004-12-25T01:00:00Z', '\\.'), role: null },
    ];
    await run([await aFile('characters', asLines([conversation('a', { messages })]))]);

    expect(await contents('a')).toEqual([content, '\\.']);
    expect(await database.query(sql`select role, created_at as at from messages order by position`)).toEqual([
      { role: 'ASSISTANT', at: new Date('2004-12-24T23:00:00.250Z') },
      { role: 'USER', at: new Date('2004-12-25T01:00:00Z') },
    ]);
  });

  it('makes authors members without credentials, per tenant, and participants', async () => {
    const messages = [said('ann', '2004-12-25T10:00:00Z', 'later in the file, earlier in time')];
    await run([
      await aFile(
        'authors',
        asLines([
          conversation('a'),
          conversation('b', { messages }),
          conversation('c', { tenant: 'debian', messages }),
        ]),
      ),
    ]);

    expect(
      await database.query(sql`select u.external_id as id, u.email, u.password_hash as password, u.first_name as name,
          m.role, m.is_active as "isActive", m.joined_at as joined, t.name as tenant
        from users u join memberships m on m.user_id = u.id join tenants t on t.id = m.tenant_id order by 1`),
    ).toEqual(
      [
        ['import:debian:ann', 'ann', '2004-12-25T10:00:00Z', 'debian'],
        ['import:ubuntu:ann', 'ann', '2004-12-25T10:00:00Z', 'ubuntu'],
        ['import:ubuntu:bo', 'bo', '2004-12-25T11:59:00Z', 'ubuntu'],
      ].map(([id, name, joined = '', tenant]) => ({
        id,
        email: null,
        password: null,
        name,
        role: 'MEMBER',
        isActive: true,
        joined: new Date(joined),
        tenant,
      })),
    );
    expect(
      await database.query(sql`select c.external_id as id, array_agg(u.first_name order by u.first_name) as people
        from participants p join conversations c on c.id = p.conversation_id join users u on u.id = p.user_id
        group by 1 order by 1`),
    ).toEqual([
      { id: 'a', people: ['ann', 'bo'] },
      { id: 'b', people: ['ann'] },
      { id: 'c', people: ['ann'] },
    ]);
  });

  it('adds nothing the second time, and reports it', async () => {
    const file = await aFile('twice', asLines([conversation('a'), conversation('b'), conversation('a')]));

    expect((await run([file])).output).toContain('2 added, 1 already present, 0 refused\nmessages: 4 added');
    const again = await run([file]);
    expect(again.output).toContain(
      '0 added, 3 already present, 0 refused\nmessages: 0 added, by 0 new authors',
    );
    expect(again.exitCode).toBe(0);
    expect(await contents('a')).toEqual(['a one', 'a two']);
  });

  it('decompresses gzip of any file name, with several members, and reads standard input', async () => {
    const packed = await aFile('packed.jsonl', gzipSync(asLines([conversation('a')])));
    const plain = await aFile('plain.gz', asLines([conversation('b')]));
    const members = [conversation('c'), conversation('d')].map((object) => gzipSync(asLines([object])));
    // A pipe may begin with a single byte.
    const bytes = gzipSync(asLines([conversation('e')]));
    const input = Readable.from([bytes.subarray(0, 1), bytes.subarray(1)]);
    const { exitCode } = await run(
      [packed, plain, await aFile('members', Buffer.concat(members)), '-'],
      input,
    );

    expect(exitCode).toBe(0);
    expect(await externalIds()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('reports an invalid line with file, number and reason, and imports the others', async () => {
    const lines = [
      JSON.stringify(conversation('a')),
      '{"tenant": "ubuntu", ',
      '',
      JSON.stringify(conversation('b', { messages: [said('ann', 'yesterday', 'x'), { author: 'bo' }] })),
      JSON.stringify(conversation('c')),
    ];
    const file = await aFile('broken', lines.join('\r\n'));
    const { exitCode, errors, output } = await run([file]);

    expect(exitCode).toBe(1);
    expect(errors.split('\n')).toEqual([
      expect.stringContaining(`${file}:2: is not JSON: `),
      `${file}:4: messages.0.createdAt must be a time of RFC 3339, such as 2004-12-25T03:21:00Z; ` +
        'messages.1.createdAt is missing; messages.1.content is missing',
      '',
    ]);
    expect(output).toContain('2 added, 0 already present, 2 refused');
    expect(await externalIds()).toEqual(['a', 'c']);
  });

  it('escapes control characters in quoted input', async () => {
    const { errors } = await run([await aFile('escape', '\u001b[2J{}')]);

    expect(errors).toContain('is not JSON');
    expect(errors).not.toContain('\u001b');
  });

  it('imports the part before a truncation, and later the rest', async () => {
    const objects = Array.from({ length: 2000 }, (_, index) => conversation(`c${index}`));
    const whole = gzipSync(asLines(objects));
    const broken = await aFile('broken.gz', whole.subarray(0, whole.length / 2));
    const first = await run([broken, join(folder, 'absent')]);
    const before = await externalIds();

    expect(first.exitCode).toBe(1);
    expect(first.errors).toMatch(/broken\.gz:\d+: cannot be read: unexpected end of file/);
    expect(first.errors).toMatch(/absent:1: cannot be read: ENOENT/);
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThan(2000);

    const second = await run([await aFile('whole.gz', whole)]);
    expect(second.output).toContain(`${(2000 - before.length).toLocaleString('en')} added`);
    expect(await externalIds()).toHaveLength(2000);
  });

  it('imports all others, and nothing of a conversation that the database rejects', async () => {
    await database.query(sql`alter table messages add check (content <> 'poison')`);
    const messages = [
      said('eve', '2004-12-25T10:00:00Z', 'fine'),
      said('eve', '2004-12-25T10:00:00Z', 'poison'),
    ];
    const file = await aFile(
      'poison',
      asLines([conversation('a'), conversation('b', { messages }), conversation('c')]),
    );
    const { exitCode, errors, output } = await run([file]);

    expect(exitCode).toBe(1);
    expect(errors).toContain(`${file}:2: the database refuses it: `);
    expect(output).toContain('2 added, 0 already present, 1 refused\nmessages: 4 added, by 2 new authors');
    expect(await externalIds()).toEqual(['a', 'c']);
    expect(await database.query(sql`select id from users where first_name = 'eve'`)).toEqual([]);
  });

  it('resumes after an interruption without duplicates', async () => {
    await database.query(sql`create function stop() returns trigger language plpgsql as $$
      begin raise exception 'the server goes down' using errcode = '57P01'; end $$`);
    await database.query(sql`create trigger stop before insert on messages for each row
      when (new.content = 'c1400 two') execute function stop()`);
    const objects = Array.from({ length: 2000 }, (_, index) => conversation(`c${index}`));
    const file = await aFile('stopped', asLines(objects));

    await expect(run([file])).rejects.toThrow('busy or restarting');
    const before = await externalIds();
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThanOrEqual(1400);

    await database.query(sql`drop trigger stop on messages`);
    expect((await run([file])).exitCode).toBe(0);
    expect(await externalIds()).toHaveLength(2000);
    const [wrong] = await database.query<{ count: number }>(sql`select count(*) from conversations c
      where message_count <> 2 or (select array_agg(position order by position) from messages m
        where m.tenant_id = c.tenant_id and m.conversation_id = c.id) <> array[1, 2]`);
    expect(wrong?.count).toBe(0);
  });

  it.each(['conversations', 'users'])(
    'runs two imports with the same %s in opposite orders: one waits for the other',
    async (table) => {
      await run([await aFile('tenant', asLines([conversation('first')]))]);
      // Many people, so that the two are still at it when they meet.
      const object = (name: string, index: number, person: number) =>
        conversation(`${name}${index}`, {
          messages: Array.from({ length: 9 }, (_, nth) =>
            said(`p${person} ${nth}`, '2004-12-25T10:00:00Z', 'x'),
          ),
        });
      // The same conversations meet at conversations; others with the same authors only at users.
      const other = table === 'users' ? 'other' : 'same';
      const numbers = Array.from({ length: 500 }, (_, index) => index);
      const forwards = asLines(numbers.map((index) => object('same', index, index)));
      const backwards = asLines(numbers.toReversed().map((index) => object(other, index, 499 - index)));
      const files = [await aFile('forwards', forwards), await aFile('backwards', backwards)];

      const start = await gate(table);
      const runs = files.map((file) => run([file]));
      await start(runs.length);

      expect((await Promise.all(runs)).map(({ exitCode, errors }) => [exitCode, errors])).toEqual([
        [0, ''],
        [0, ''],
      ]);
      const [counts] = await database.query(sql`select (select count(*) from conversations) as conversations,
        (select count(*) from messages) as messages, (select count(*) from users) as users`);
      const conversations = table === 'users' ? 1000 : 500;
      expect(counts).toEqual({
        conversations: 1 + conversations,
        messages: 2 + 9 * conversations,
        users: 2 + 9 * 500,
      });
    },
  );

  it('reads at most two transactions ahead of the database', async () => {
    let stored = 0;
    let furthest = 0;
    async function* lines(): AsyncGenerator<Line> {
      for (let number = 1; number <= 5000; number += 1) {
        furthest = Math.max(furthest, number - stored);
        yield { number, text: JSON.stringify(conversation(`c${number}`)), fault: null };
      }
    }
    const service = createImportService({ queries: createImportQueries(database), clock: new TestClock() });
    const counts = await service.importLines(lines(), {
      onFault: ({ reason }) => expect.fail(reason),
      onProgress: ({ conversationsAdded }) => {
        stored = conversationsAdded;
      },
    });

    expect(counts.conversationsAdded).toBe(5000);
    expect(furthest).toBeLessThanOrEqual(1001);
  });

  it("updates the planner's statistics", async () => {
    await run([
      await aFile('planner', asLines(Array.from({ length: 300 }, (_, index) => conversation(`c${index}`)))),
    ]);

    expect(
      await database.query(sql`select reltuples::integer as rows from pg_class where relname = 'messages'`),
    ).toEqual([{ rows: 600 }]);
  });
});
