import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aConversation,
  aTenant,
  aUser,
  type TestConversation,
  type TestTenant,
  type TestUser,
} from '../support/builders.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

/** A node of EXPLAIN's plan, as far as it is read here. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Tables that `fill` gives so many rows that a scan of all of them is a mistake. */
const largeTables = [
  'api_keys',
  'conversations',
  'memberships',
  'messages',
  'participants',
  'sessions',
  'users',
];
/** Tables that stay small, or that no request reads as a list. */
const otherTables = [
  'app_settings',
  'assignments',
  'audit_log',
  'cache_epoch',
  'cache_processes',
  'exercises',
  'idempotency_keys',
  'invitations',
  'message_changes',
  'models',
  'one_time_tokens',
  'tenants',
];

let testApp: TestApp;
let admin: TestUser;
let member: TestUser;
let guest: TestUser;
let conversation: TestConversation;

beforeAll(async () => {
  testApp = await startTestApp();
  const tenant = await aTenant(testApp);
  admin = await aUser(testApp, tenant, { role: 'ADMIN' });
  member = await aUser(testApp, tenant);
  guest = await aUser(testApp, tenant, { role: 'GUEST' });
  conversation = await aConversation(testApp, tenant, {
    author: member,
    owner: member,
    participants: [guest],
    messages: ['hello'],
  });
  await fill(testApp, tenant);
  await fill(testApp, await aTenant(testApp));
  await addStrangers(testApp, 60_000);
  await testApp.database.query(sql`analyze`);
}, 120_000);
afterAll(() => testApp.close());

const conversationPage = '{ nodes { id lastMessage { id } } pageInfo { hasNextPage hasPreviousPage } }';

describe('no statement scans a large table', () => {
  it('of those that requests list: each table is named here', async () => {
    const tables = await testApp.database.query<{ name: string }>(sql`select tablename as name from pg_tables
      where schemaname = current_schema() and tablename <> '_prisma_migrations' order by tablename`);
    expect(
      tables.map(({ name }) => name),
      'a new table belongs in largeTables, with rows in fill(), or in otherTables',
    ).toEqual([...largeTables, ...otherTables].toSorted());
  });

  it.each([
    ['the first conversations', `{ conversations ${conversationPage} }`],
    ['the last conversations', `{ conversations(last: 20) ${conversationPage} }`],
    ['conversations by beginning', `{ conversations(orderBy: { field: CREATED_AT }) ${conversationPage} }`],
    [
      'conversations by title',
      `{ conversations(orderBy: { field: TITLE, direction: ASC }) ${conversationPage} }`,
    ],
    [
      'conversations of an owner',
      () => `{ conversations(filter: { ownerId: "${member.id}" }) ${conversationPage} }`,
    ],
    [
      'conversations with a title',
      `{ conversations(filter: { titleContains: "number 1234" }) ${conversationPage} }`,
    ],
    ['conversations of people', () => `{ user(id: "${member.id}") { conversations ${conversationPage} } }`],
    [
      'pages of messages',
      '{ conversations { nodes { messages(last: 10) { nodes { author { displayName } } } } } }',
    ],
    [
      'a page of messages',
      () => `{ conversation(id: "${conversation.id}") { messages(first: 50) { nodes { id } } } }`,
    ],
    ['messages of an author', () => `{ user(id: "${member.id}") { messages { nodes { id } } } }`],
    ['participants', '{ conversations(first: 20) { nodes { participants(first: 5) { nodes { id } } } } }'],
    ['found messages', '{ searchMessages(query: "needleabcdef") { nodes { id } } }'],
    ['members', '{ tenant { members { nodes { user { id } } } } }'],
    ['members of one role', '{ tenant { members(role: ADMIN) { nodes { user { id } } } } }'],
    ['sessions', '{ viewer { sessions { nodes { id } } memberships { role } } }'],
    ['keys', '{ viewer { apiKeys { nodes { id } } } }'],
  ] as const)('for %s', async (_name, query) => {
    for (const viewer of [admin, member, guest]) {
      await expectNoScans(typeof query === 'string' ? query : query(), viewer.token);
    }
  });

  it.each([
    ['people found by name or address', '{ users(search: "person 1234") { nodes { id } } }'],
    ['the next page', () => nextPage('conversations(first: 20)')],
  ] as const)('for %s', async (_name, query) => {
    await expectNoScans(typeof query === 'string' ? query : await query(), admin.token);
  });

  it('for authenticating', async () => {
    await expectNoScans('{ models { id } }', 'parley_key_'.padEnd(54, 'x'), 'UNAUTHENTICATED');
    await expectNoScans('{ models { id } }', 'parley_session_'.padEnd(58, 'x'), 'UNAUTHENTICATED');
  });

  it('for warming the caches', async () => {
    const platformAdmin = await aUser(testApp, await aTenant(testApp), { isPlatformAdmin: true });
    await expectNoScans(
      `mutation { warmCaches(input: { recentlyActive: 10, userIds: ["${member.id}"] }) { caches { loaded } } }`,
      platformAdmin.token,
    );
  });

  it('for finding the most recently active users', async () => {
    const texts: string[] = [];
    const stop = testApp.database.observe((statement) => texts.push(statement.text));
    await testApp.app.queries.user.recentlyActiveIds(10, new Date()).finally(stop);

    const plan = JSON.stringify(await planOf(texts[0] ?? ''));
    expect(plan).toContain('sessions_live_last_seen_at_idx');
    expect(plan).toContain('users_identity_synced_at_idx');
  });

  it('for signing in', async () => {
    await expectNoScans(
      `mutation { signIn(input: { email: "person1234@example.org", password: "x" }) { token } }`,
      undefined,
    );
  });
});

describe('a frequent statement is planned once', () => {
  it.each([
    ['the first conversations', () => `{ conversations(first: 20) ${conversationPage} }`],
    [
      'pages of messages',
      () =>
        '{ conversations(first: 20) { nodes { messages(last: 10) { nodes { author { displayName } } } } } }',
    ],
    [
      'a page of messages',
      () => `{ conversation(id: "${conversation.id}") { messages(first: 50) { nodes { id } } } }`,
    ],
  ])('for %s', async (_name, query) => {
    const { pool } = testApp.database;
    for (const { token } of [admin, member]) {
      // Only reads: what filled the tables went through the same connections.
      // One after the other they come through one connection or two, and so does the question about it.
      for (let time = 0; time < 40; time += 1) await testApp.data(query(), { token });
      const { rows } = await pool.query<{ text: string; kept: number }>(`select statement as text,
          generic_plans::integer as kept from pg_prepared_statements
        where generic_plans + custom_plans >= 12 and statement like 'select%'`);
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.filter(({ kept }) => kept === 0).map(({ text }) => text)).toEqual([]);
    }
  });
});

describe('a statement whose plan depends on its values is planned for them', () => {
  it.each([
    ['searching', '{ searchMessages(query: "needle") { totalCount nodes { id } } }'],
    [
      'finding titles',
      '{ conversations(filter: { titleContains: "number 1234" }) { totalCount nodes { id } } }',
    ],
  ])('%s', async (_name, query) => {
    const { pool } = testApp.database;
    const kept = async () =>
      (await pool.query<{ name: string }>('select name from pg_prepared_statements')).rows.map(
        ({ name }) => name,
      );
    const before = await kept();
    await testApp.data(query, { token: admin.token });

    expect((await kept()).filter((name) => !before.includes(name))).toEqual([]);
  });
});

async function nextPage(field: string): Promise<string> {
  const data = await testApp.data(`{ page: ${field} { pageInfo { endCursor } } }`, { token: admin.token });
  const withCursor = field.replace(')', `, after: "${data.page.pageInfo.endCursor}")`);
  return `{ ${withCursor} ${conversationPage} }`;
}

async function expectNoScans(query: string, token: string | undefined, code?: string): Promise<void> {
  const texts = new Set<string>();
  await Promise.all(Object.values(testApp.app.caches).map((cache) => cache.invalidate('all')));
  const stop = testApp.database.observe((statement) => texts.add(statement.text));
  const answer = await testApp.ask(query, { token }).finally(stop);

  expect(answer.errors?.[0]?.extensions.code).toBe(code);
  expect(texts.size).toBeGreaterThan(0);
  for (const text of texts) {
    if (!/^\s*(select|with)/i.test(text)) continue;
    const plan = await planOf(text);
    const scanned = nodesOf(plan).filter(
      (node) => node['Node Type'] === 'Seq Scan' && largeTables.includes(node['Relation Name'] ?? ''),
    );
    expect(scanned.map((node) => `${node['Relation Name']}: ${text}`)).toEqual([]);
  }
}

/** The plan that PostgreSQL keeps for a prepared statement, whatever its parameters. */
async function planOf(text: string): Promise<PlanNode> {
  const { rows } = await testApp.database.pool.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `explain (generic_plan, format json) ${text}`,
  );
  const plan = rows[0]?.['QUERY PLAN'][0].Plan;
  if (plan === undefined) throw new Error(`PostgreSQL explained nothing of ${text}`);
  return plan;
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

/**
 * People of no tenant here: with them it is plain, whatever the sample that `analyze` takes, that all of
 * `users` is too much.
 */
async function addStrangers({ database }: TestApp, count: number): Promise<void> {
  await database.query(sql`insert into users (id, email, first_name, last_name)
    select gen_random_uuid(), 'stranger' || n || '@example.org', 'Stranger', n::text
    from generate_series(1, ${count}::integer) n`);
}

/**
 * 10,000 people, as many sessions and conversations, and 100,000 messages; in pieces that a busy machine has
 * the time for.
 */
async function fill({ database }: TestApp, tenant: TestTenant): Promise<void> {
  await database.query(sql`with person as (
      insert into users (id, email, first_name, last_name)
      select gen_random_uuid(), 'person' || n || '@example.org' || ${tenant.slug}::text, 'Person', n::text
      from generate_series(1, 10000) n returning id
    )
    insert into memberships (tenant_id, user_id) select ${tenant.uuid}::uuid, id from person`);
  await database.query(sql`insert into sessions (tenant_id, id, user_id, token_hash, expires_at)
    select tenant_id, gen_random_uuid(), user_id, sha256(user_id::text::bytea || 'x'), now() + interval '1 day'
    from memberships where tenant_id = ${tenant.uuid}::uuid`);
  await database.query(sql`insert into api_keys (tenant_id, id, user_id, name, prefix, key_hash, scopes)
    select tenant_id, gen_random_uuid(), user_id, 'A key', 'parley_key_', sha256(user_id::text::bytea || 'k'), '{read}'
    from memberships where tenant_id = ${tenant.uuid}::uuid`);
  await database.query(sql`with talk as (
      insert into conversations (tenant_id, id, owner_id, title, visibility, updated_at, message_count, last_position)
      select tenant_id, gen_random_uuid(), user_id, 'number ' || row_number() over (),
        (case when random() < 0.5 then 'TENANT' else 'PRIVATE' end)::visibility,
        now() - random() * interval '90 days', 10, 10
      from memberships where tenant_id = ${tenant.uuid}::uuid returning tenant_id, id, owner_id
    )
    insert into participants (tenant_id, conversation_id, user_id) select tenant_id, id, owner_id from talk`);
  for (let position = 1; position <= 10; position += 1) {
    await database.query(sql`insert into messages (tenant_id, conversation_id, id, position, author_id, content)
      select tenant_id, id, gen_random_uuid(), ${position}::integer + 10, owner_id, 'needle' || left(id::text, 6)
      from conversations where tenant_id = ${tenant.uuid}::uuid and owner_id is not null`);
  }
}
