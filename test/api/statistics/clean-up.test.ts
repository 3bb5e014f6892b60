import { Client } from 'pg';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const day = 86_400_000;

let testApp: TestApp;
let tenant: TestTenant;
let user: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  user = await aUser(testApp, tenant);
});
afterAll(() => testApp.close());
beforeEach(async () => {
  await testApp.database.query(sql`delete from sessions`);
  await testApp.database.query(sql`delete from api_keys`);
});

describe('the clean-up', () => {
  it.each([
    ['live', { expires: 1 }, 'stays'],
    ['expired 29 days ago', { expires: -29 }, 'stays'],
    ['expired 31 days ago', { expires: -31 }, 'goes'],
    ['revoked 29 days ago', { expires: 1, revoked: -29 }, 'stays'],
    ['revoked 31 days ago', { expires: 1, revoked: -31 }, 'goes'],
  ] as const)('a session and a key that are %s: %j %s', async (_name, times, fate) => {
    await aSessionAndAKey(times);
    const due = await testApp.app.queries.statistics.expired(now());
    const removed = await cleanUp();

    const rows = fate === 'goes' ? 1 : 0;
    expect(removed).toMatchObject([
      { table: 'sessions', rows },
      { table: 'api_keys', rows },
      { table: 'idempotency_keys', rows: 0 },
      { table: 'one_time_tokens', rows: 0 },
      { table: 'invitations', rows: 0 },
      { table: 'message_changes', rows: 0 },
    ]);
    expect(due.map((table) => table.rows)).toEqual([rows, rows, 0, 0, 0, 0]);
    expect(await count('sessions')).toBe(1 - rows);
    expect(await count('api_keys')).toBe(1 - rows);
  });

  it('removes one-time tokens and invitations 30 days after their end, and changes after a week', async () => {
    const past = new Date(testApp.clock.now() - 31 * day);
    const conversation = await aConversation(testApp, tenant);
    await testApp.database
      .query(sql`insert into one_time_tokens (id, purpose, token_hash, email, is_mailed, expires_at)
      values (gen_random_uuid(), 'SIGN_UP', 'hash', 'a@example.org', true, ${past})`);
    await testApp.database
      .query(sql`insert into invitations (tenant_id, id, email, role, invited_by_id, expires_at)
      values (${tenant.uuid}::uuid, gen_random_uuid(), 'a@example.org', 'MEMBER', ${user.uuid}::uuid, ${past})`);
    await testApp.database
      .query(sql`insert into message_changes (tenant_id, conversation_id, change, kind, message_id, created_at)
      values (${tenant.uuid}::uuid, ${conversation.uuid}::uuid, 1, 'REMOVED', gen_random_uuid(), ${past})`);
    const due = await testApp.app.queries.statistics.expired(now());
    const removed = await cleanUp();

    expect(due.map(({ rows }) => rows)).toEqual([0, 0, 0, 1, 1, 1]);
    expect(removed.map(({ rows }) => rows)).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('keeps a key that never expires', async () => {
    await aSessionAndAKey({ expires: null });
    await cleanUp();

    expect(await count('api_keys')).toBe(1);
  });

  it('reports how long the oldest row has been due', async () => {
    await aSessionAndAKey({ expires: -40 });
    const [sessions] = await testApp.app.queries.statistics.expired(now());

    expect(sessions?.dueSince).toEqual(new Date(testApp.clock.now() - 10 * day));
  });

  it('removes at most one batch per table and call', async () => {
    for (let index = 0; index < 3; index += 1) await aSessionAndAKey({ expires: -31 });
    const removed = await testApp.app.queries.statistics.removeExpired(2, now());

    expect(removed.map(({ rows }) => rows)).toEqual([2, 2, 0, 0, 0, 0]);
  });

  it('skips locked rows and removes the rest', async () => {
    await aSessionAndAKey({ expires: -31 });
    await aSessionAndAKey({ expires: -31 });
    const removed = await whileAnother('select from sessions limit 1 for update', cleanUp);

    expect(removed[0]).toEqual({ table: 'sessions', rows: 1 });
    expect(await count('sessions')).toBe(1);
  });

  it('does nothing while another process cleans up', async () => {
    await aSessionAndAKey({ expires: -31 });
    const removed = await whileAnother('select from cleanup_expired_data(0)', cleanUp);

    expect(removed).toEqual([]);
    expect(await count('sessions')).toBe(1);
  });

  it('starts no batch after it was stopped', async () => {
    await aSessionAndAKey({ expires: -31 });

    expect(await testApp.app.services.statistics.cleanUp(AbortSignal.abort())).toEqual([]);
    expect(await count('sessions')).toBe(1);
  });
});

const now = () => new Date(testApp.clock.now());
const cleanUp = () => testApp.app.services.statistics.cleanUp();

async function aSessionAndAKey(days: {
  readonly expires: number | null;
  readonly revoked?: number;
}): Promise<void> {
  const at = (offset: number | null) =>
    offset === null ? null : new Date(testApp.clock.now() + offset * day);
  const revokedAt = at(days.revoked ?? null);
  await testApp.database
    .query(sql`insert into sessions (tenant_id, id, user_id, token_hash, expires_at, revoked_at)
    values (${tenant.uuid}::uuid, gen_random_uuid(), ${user.uuid}::uuid, sha256(gen_random_uuid()::text::bytea),
      coalesce(${at(days.expires)}::timestamptz, 'infinity'), ${revokedAt})`);
  await testApp.database
    .query(sql`insert into api_keys (tenant_id, id, user_id, name, prefix, key_hash, expires_at, revoked_at)
    values (${tenant.uuid}::uuid, gen_random_uuid(), ${user.uuid}::uuid, 'key', 'p', sha256(gen_random_uuid()::text::bytea),
      ${at(days.expires)}, ${revokedAt})`);
}

async function count(table: 'sessions' | 'api_keys'): Promise<number | undefined> {
  const statement =
    table === 'sessions'
      ? sql`select count(*) as rows from sessions`
      : sql`select count(*) as rows from api_keys`;
  const [row] = await testApp.database.query<{ rows: number }>(statement);
  return row?.rows;
}

/** While another connection is within a transaction that has run a statement. */
async function whileAnother<Result>(statement: string, work: () => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: testApp.database.pool.options.connectionString });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(statement);
    return await work();
  } finally {
    await client.end();
  }
}
