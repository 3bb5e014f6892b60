import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eavesdrop, namesIn, type Eavesdropper } from '../../support/announcements.ts';
import { CleanUps } from '../../support/embedded.ts';
import { createTestDatabase, execute } from '../../support/postgres.ts';

const cleanUps = new CleanUps();
let url: string;
let eavesdropper: Eavesdropper;

beforeAll(async () => {
  const database = await createTestDatabase();
  url = database.url;
  cleanUps.add(() => database.drop());
  eavesdropper = await eavesdrop(cleanUps, url);
});
afterAll(() => cleanUps.run());

const uuid = (digit: number | string) => `00000000-0000-7000-8000-${String(digit).padStart(12, '0')}`;
const announcedNames = async () => namesIn(await eavesdropper.announced());

/** What one statement, by whoever has a connection, makes all processes hear. */
async function namesAfter(statement: string): Promise<string[]> {
  await eavesdropper.announced();
  await execute(url, statement);
  return announcedNames();
}

beforeEach(async () => {
  await execute(
    url,
    `truncate tenants, users, models cascade;
     insert into tenants (id, slug, name) values ('${uuid(1)}', 'acme', 'Acme');
     insert into users (id, email) values ('${uuid(2)}', 'ann@example.org'), ('${uuid(3)}', 'bob@example.org');
     insert into memberships (tenant_id, user_id) values ('${uuid(1)}', '${uuid(2)}');
     insert into sessions (tenant_id, id, user_id, token_hash, expires_at)
       values ('${uuid(1)}', '${uuid(4)}', '${uuid(2)}', 'session', '2100-01-01');
     insert into api_keys (tenant_id, id, user_id, name, prefix, key_hash, scopes)
       values ('${uuid(1)}', '${uuid(5)}', '${uuid(2)}', 'robot', 'parley_key_', 'key', '{read}');
     insert into models (slug, name, provider, context_window) values ('gpt', 'GPT', 'Test', 1000);
     insert into app_settings default values on conflict do nothing`,
  );
});

describe('a statement announces what it invalidates', () => {
  it.each([
    ['a person', `update users set first_name = 'Ann' where id = '${uuid(2)}'`, [`tag:user:${uuid(2)}`]],
    ['people', 'update users set is_active = false', [`tag:user:${uuid(2)}`, `tag:user:${uuid(3)}`]],
    ['a person who goes', `delete from users where id = '${uuid(3)}'`, [`tag:user:${uuid(3)}`]],
    [
      'a person whose id changes, who was one and is another',
      `update users set id = '${uuid(9)}' where id = '${uuid(3)}'`,
      [`tag:user:${uuid(3)}`, `tag:user:${uuid(9)}`],
    ],
    [
      'a member who comes',
      `insert into memberships (tenant_id, user_id) values ('${uuid(1)}', '${uuid(3)}')`,
      [`tag:user:${uuid(3)}`],
    ],
    ['a role', `update memberships set role = 'ADMIN'`, [`tag:user:${uuid(2)}`]],
    ['a tenant', `update tenants set name = 'Acme!'`, [`tag:tenant:${uuid(1)}`]],
    [
      'a tenant that goes, with its members, their sessions and keys',
      'delete from tenants',
      [`tag:api-key:${uuid(5)}`, `tag:session:${uuid(4)}`, `tag:tenant:${uuid(1)}`, `tag:user:${uuid(2)}`],
    ],
    ['a session that is revoked', 'update sessions set revoked_at = now()', [`tag:session:${uuid(4)}`]],
    [
      'a session that lasts longer',
      `update sessions set expires_at = '2200-01-01'`,
      [`tag:session:${uuid(4)}`],
    ],
    ['a key that is revoked', 'update api_keys set revoked_at = now()', [`tag:api-key:${uuid(5)}`]],
    ['a key that may do more', `update api_keys set scopes = '{read,write}'`, [`tag:api-key:${uuid(5)}`]],
    ['the settings', 'update app_settings set max_message_length = 1', ['cache:SETTINGS']],
    ['a model that comes', `insert into models values ('m', 'M', 'Test', 1)`, ['cache:MODELS']],
    [
      'a model that is there already',
      `insert into models values ('gpt', 'GPT!', 'Test', 1) on conflict (slug) do update set name = excluded.name`,
      ['cache:MODELS'],
    ],
    ['a model that goes', 'delete from models', ['cache:MODELS']],
    ['a table that is emptied', 'truncate api_keys', ['everything']],
    [
      'several in one transaction',
      `begin; update users set first_name = 'A' where id = '${uuid(2)}';
      update users set last_name = 'B' where id = '${uuid(2)}'; update app_settings set sign_up_enabled = true; commit`,
      ['cache:SETTINGS', `tag:user:${uuid(2)}`],
    ],
    [
      'what was copied in',
      `copy models from program 'printf "c\\tC\\tTest\\t1\\t\\\\N\\t\\\\N\\t\\\\N\\tt\\tf\\t2026-01-01\\n"'`,
      ['cache:MODELS'],
    ],
  ])('%s', async (_what, statement, names) => {
    expect(await namesAfter(statement)).toEqual(names);
  });
});

describe('nothing is announced of', () => {
  it.each([
    ['a session that was seen', 'update sessions set last_seen_at = now()'],
    ['a key that was used', 'update api_keys set last_used_at = now()'],
    ['rows that were written as they are', 'update users set email = email; update models set name = name'],
    [
      'statements that found no row',
      `delete from models where slug = 'none'; update users set email = 'x' where false`,
    ],
    [
      'what was rolled back',
      `begin; update users set first_name = 'A'; update app_settings set max_message_length = 2; rollback`,
    ],
    ['a person whom nobody can have asked for', `insert into users (id) values ('${uuid(8)}')`],
  ])('%s', async (_what, statement) => {
    expect(await namesAfter(statement)).toEqual([]);
  });
});

describe('many names', () => {
  it('are sent in several notifications of limited size', async () => {
    await execute(url, `insert into users (id) select gen_random_uuid() from generate_series(1, 498)`);
    await eavesdropper.announced();
    await execute(url, 'update users set is_active = false');
    const payloads = await eavesdropper.announced();

    expect(payloads.length).toBeGreaterThan(2);
    expect(Math.max(...payloads.map((payload) => Buffer.byteLength(payload)))).toBeLessThan(8000);
    expect(new Set(namesIn(payloads)).size).toBe(500);
  });

  it('become "everything" from the 501st on', async () => {
    await execute(url, `insert into users (id) select gen_random_uuid() from generate_series(1, 499)`);

    expect(await namesAfter('update users set is_active = false')).toEqual(['everything']);
  });

  it('may contain any characters, and become "everything" if a notification cannot contain them', async () => {
    const odd = `key:PROFILES:"'' \\\\ 😀 ${'ü'.repeat(1000)}`;

    expect(await namesAfter(`select announce_invalidations(array['${odd}', '${odd}'])`)).toEqual([
      odd.replace("''", "'"),
    ]);
    expect(await namesAfter(`select announce_invalidations(array[repeat('x', 9000)])`)).toEqual([
      'everything',
    ]);
    expect(await namesAfter('select announce_invalidations(null)')).toEqual([]);
  });

  it('of an import are sent once', async () => {
    const statement = `begin; insert into users (id) select gen_random_uuid() from generate_series(1, 20000);
      insert into memberships (tenant_id, user_id) select '${uuid(1)}', id from users on conflict do nothing; commit`;

    expect(await namesAfter(statement)).toEqual(['everything']);
  });
});

describe('the functions', () => {
  it('announce with any search_path', async () => {
    const statement = `create schema evil; create table evil.users (id uuid); create function evil.announce_invalidations(text[])
      returns void language sql as 'select 1 / 0'; set search_path = evil, pg_catalog;
      update public.users set first_name = 'Eve' where id = '${uuid(2)}'; drop schema evil cascade`;

    expect(await namesAfter(statement)).toEqual([`tag:user:${uuid(2)}`]);
  });
});
