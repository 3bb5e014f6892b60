import { verify } from '@node-rs/argon2';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seed } from '../../../src/cli/seed.ts';
import { createDemo } from '../../../src/domains/demo/demo.ts';
import { demoNow } from '../../../src/domains/demo/model.ts';
import { createDemoQueries } from '../../../src/domains/demo/queries.ts';
import { createDemoService } from '../../../src/domains/demo/service.ts';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { TestClock } from '../../support/clock.ts';
import { openTestDatabase, Written } from '../../support/command.ts';

let database: Database;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ database, close } = await openTestDatabase());
  await run(database);
});
afterAll(() => close());

async function run(into: Database): Promise<string> {
  const output = new Written();
  await seed('small', { clock: new TestClock(), database: into, output, errors: new Written() });
  return output.text;
}

/** A digest of every row of every table with demo data. */
async function digestOf(of: Database): Promise<unknown> {
  const tables = [
    'users',
    'memberships',
    'conversations',
    'participants',
    'messages',
    'assignments',
    'exercises',
  ];
  const [digest] = await of.query({
    text: `select ${tables
      .map(
        (table) =>
          `(select md5(string_agg(row::text, ',' order by row::text)) from ${table} row) as ${table}`,
      )
      .join(', ')}`,
    values: [],
  });
  return digest;
}

describe('the small demo', () => {
  it('has the documented size', async () => {
    const [counts] = await database.query(sql`select (select count(*) from tenants) as tenants,
      (select count(*) from users) as users, (select count(*) from conversations) as conversations,
      (select count(*) from messages) as messages, (select count(*) from models) as models,
      (select count(*) from models where is_mock) as "mockModels", (select count(*) from exercises) as exercises`);

    expect(counts).toEqual({
      tenants: 3,
      users: 60,
      conversations: 400,
      messages: 8000,
      models: 12,
      mockModels: 2,
      exercises: 24,
    });
  });

  it('adds nothing the second time', async () => {
    const before = await digestOf(database);

    expect(await run(database)).toContain('conversations: 0 added, messages: 0 added');
    expect(await digestOf(database)).toEqual(before);
  });

  it('is the same in every database, with IDs and times', async () => {
    const other = await openTestDatabase();
    await run(other.database);

    expect(await digestOf(other.database)).toEqual(await digestOf(database));
    await other.close();
  });

  it('has a platform admin and a member, with the password parley-demo', async () => {
    const people = await database.query<{
      password: string;
    }>(sql`select u.email, u.is_platform_admin as "isAdmin",
        u.password_hash as password, m.role
      from users u join memberships m on m.user_id = u.id join tenants t on t.id = m.tenant_id and t.slug = 'acme'
      where u.email in ('ada@acme.example', 'grace@acme.example') order by 1`);

    expect(people).toEqual([
      { email: 'ada@acme.example', isAdmin: true, password: expect.any(String), role: 'OWNER' },
      { email: 'grace@acme.example', isAdmin: false, password: expect.any(String), role: 'MEMBER' },
    ]);
    expect(await verify(people[0]?.password ?? '', 'parley-demo')).toBe(true);
  });

  it('is consistent: counts, positions, times, owners and models', async () => {
    const faults = await database.query(sql`
      select 'count' as fault, c.title from conversations c where not exists
        (select from messages m where m.conversation_id = c.id
          having (c.message_count, c.last_position, c.last_message_at) = (count(*), max(position), max(created_at)))
      union all select 'order', content from (select m.content, m.created_at,
          lag(m.created_at) over (partition by m.conversation_id order by m.position) as previous from messages m) as said
        where created_at < previous
      union all select 'future', content from messages where created_at > ${new Date(demoNow)}
      union all select 'owner takes no part', c.title from conversations c where not exists
        (select from participants p where p.conversation_id = c.id and p.user_id = c.owner_id)
      union all select 'guest owns', c.title from conversations c
        join memberships m on m.tenant_id = c.tenant_id and m.user_id = c.owner_id where m.role = 'GUEST'
      union all select 'author takes no part', m.content from messages m where m.author_id is not null and not exists
        (select from participants p where p.conversation_id = m.conversation_id and p.user_id = m.author_id)
      union all select 'answer without a model', content from messages
        where (role = 'ASSISTANT') <> (model_slug is not null and token_count is not null)
      union all select 'slot', content from messages where content ~ '[{}]'`);

    expect(faults).toEqual([]);
  });

  it('has rows for every filter of a list', async () => {
    const [kinds] = await database.query(sql`select
      (select count(distinct visibility) from conversations) as visibilities,
      (select count(distinct archived_at is null) from conversations) as "archived or not",
      (select count(distinct role) from memberships) as roles,
      (select count(distinct role) from messages) as "message roles",
      (select count(distinct status) from assignments) as statuses,
      (select count(*) > 3 from (select from memberships group by user_id having count(*) > 1) several) as several,
      (select count(*) > 5 from messages where content_words @@ websearch_to_tsquery('sourdough')) as found`);

    expect(kinds).toEqual({
      visibilities: 2,
      'archived or not': 2,
      roles: 4,
      'message roles': 3,
      statuses: 3,
      several: true,
      found: true,
    });
  });
});

describe('seeding', () => {
  it('rejects a database with a demo slug in use, and leaves nothing', async () => {
    const other = await openTestDatabase();
    await other.database.query(
      sql`insert into tenants (id, slug, name) values (gen_random_uuid(), 'lumen', 'Mine')`,
    );

    await expect(run(other.database)).rejects.toThrow('the tenant lumen is already used by other data');
    expect(await other.database.query(sql`select slug from tenants`)).toEqual([{ slug: 'lumen' }]);
    expect(await other.database.query(sql`select slug from models`)).toEqual([]);
    await other.close();
  });

  it('runs only at the first start', async () => {
    const other = await openTestDatabase();
    const demo = createDemoService({ queries: createDemoQueries(other.database) });
    await demo.seedIfUninhabited();
    await other.database.query(sql`delete from conversations`);
    await demo.seedIfUninhabited();

    expect(await other.database.query(sql`select count(*) from conversations`)).toEqual([{ count: 0 }]);
    await other.close();
  });
});

describe('the large demo', () => {
  it('has the documented size, contains the small one, and no duplicates', { timeout: 60_000 }, () => {
    const { foundation, conversations } = createDemo('large');
    const ids = new Set<string>();
    let messages = 0;
    let longest = 0;
    for (const conversation of conversations) {
      ids.add(conversation.id);
      messages += conversation.messages.length;
      longest = Math.max(longest, conversation.messages.length);
    }

    expect([ids.size, messages, longest]).toEqual([40_000, 1_000_000, 10_000]);
    expect(foundation.tenants).toHaveLength(50);
    expect(new Set(foundation.people.map(({ email }) => email)).size).toBe(2000);
    expect(
      new Set(foundation.people.map(({ firstName, lastName }) => `${firstName} ${lastName}`)).size,
    ).toBeGreaterThan(1900);
    expect([...createDemo('small').conversations].every(({ id }) => ids.has(id))).toBe(true);
  });
});
