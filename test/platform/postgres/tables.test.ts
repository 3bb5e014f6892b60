import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  // The planner would rather read whole tables as long as they are empty.
  const name = new URL(database.url).pathname.slice(1);
  await execute(database.url, `alter database ${name} set enable_seqscan = off`);
});

afterAll(async () => await database.drop());

describe('the indexes', () => {
  it.each([
    ['users_email_key', "select from users where lower(email) = lower('Ada@example.com')"],
    ['users_email_idx', "select from users where email %> 'ada'"],
    [
      'users_full_name_idx',
      "select from users u where (coalesce(u.first_name, '') || ' ' || coalesce(u.last_name, '')) %> 'ada'",
    ],
    ['users_profile_idx', `select from users where profile @> '{"locale": "eo"}'`],
    [
      'memberships_tenant_id_role_joined_at_user_id_idx',
      `select from memberships where tenant_id = $1 and role = 'ADMIN' order by joined_at, user_id limit 5`,
    ],
    ['memberships_permissions_idx', "select from memberships where permissions ? 'invite'"],
    [
      'sessions_live_expires_at_idx',
      'select from sessions where revoked_at is null and expires_at < now() order by expires_at limit 5',
    ],
    [
      'sessions_tenant_id_live_expires_at_idx',
      'select from sessions where tenant_id = $1 and revoked_at is null and expires_at > now()',
    ],
    ['messages_tenant_id_created_at_idx', 'select from messages where tenant_id = $1 and created_at > now()'],
    [
      'sessions_live_last_seen_at_idx',
      'select from sessions where revoked_at is null order by last_seen_at desc limit 40',
    ],
    [
      'users_identity_synced_at_idx',
      'select from users where identity_synced_at is not null order by identity_synced_at desc limit 10',
    ],
    [
      'conversations_tenant_id_title_idx',
      "select from conversations where tenant_id = $1 and title ilike '%plan%'",
    ],
    [
      'messages_tenant_id_content_words_idx',
      `select from messages where tenant_id = $1
       and content_words @@ websearch_to_tsquery('english', 'plan')`,
    ],
    ['messages_metadata_idx', `select from messages where metadata @> '{"source": "irc"}'`],
  ])('%s serves the query that it is made for', async (index, query) => {
    const plan = await execute(database.url, `explain ${query.replaceAll('$1', 'gen_random_uuid()')}`);

    expect(JSON.stringify(plan)).toContain(index);
  });

  it('forbid two users with one address, ignoring case', async () => {
    const insert = (email: string) => `insert into users (id, email) values (gen_random_uuid(), '${email}')`;
    await execute(database.url, insert('ada@example.com'));

    await expect(execute(database.url, insert('ADA@example.com'))).rejects.toThrow('users_email_key');
  });
});

describe('the settings', () => {
  it('are one row, there from the start', async () => {
    expect(await execute(database.url, 'select id, max_message_length as length from app_settings')).toEqual([
      { id: 1, length: 8000 },
    ]);
    await expect(execute(database.url, 'insert into app_settings (id) values (2)')).rejects.toThrow(
      'one_row',
    );
  });
});
