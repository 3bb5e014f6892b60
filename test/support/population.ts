import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { createId, toPublicId } from '../../src/platform/ids.ts';

/** A user of the server. */
export interface Inhabitant {
  readonly tenantId: string;
  readonly userId: string;
  /** Of a session that lasts for a day. */
  readonly token: string;
  /** The public id of a conversation of their own. */
  readonly conversationId: string;
}

/** Inserts users with a session and a conversation each into a number of tenants, not through a server. */
export async function populate(
  databaseUrl: string,
  options: { readonly people: number; readonly tenants: number; readonly messagesEach: number },
): Promise<readonly Inhabitant[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const tenantIds = Array.from({ length: options.tenants }, createId);
    const people = Array.from({ length: options.people }, (_, index) => ({
      tenantId: tenantIds[index % tenantIds.length] ?? '',
      userId: createId(),
      token: `parley_session_${createHash('sha256').update(createId()).digest('base64url')}`,
      conversationUuid: createId(),
    }));
    await client.query('begin');
    await client.query(
      "insert into tenants (id, slug, name) select id, id, 'A tenant' from unnest($1::uuid[]) id",
      [tenantIds],
    );
    await client.query(insertPeople, [
      people.map(({ tenantId }) => tenantId),
      people.map(({ userId }) => userId),
      people.map(({ token }) => createHash('sha256').update(token).digest()),
      people.map(({ conversationUuid }) => conversationUuid),
      options.messagesEach,
    ]);
    await client.query('commit');
    return people.map(({ conversationUuid, ...person }) => ({
      ...person,
      conversationId: toPublicId('conv', conversationUuid),
    }));
  } finally {
    await client.end();
  }
}

const insertPeople = `with person as (
    select * from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::uuid[])
      as person(tenant_id, user_id, token_hash, conversation_id)
  ), made_users as (
    insert into users (id, email, first_name, last_name, profile)
    select user_id, user_id || '@example.org', 'Test', 'Person', '{"bio": "Here to stay."}' from person
  ), made_memberships as (
    insert into memberships (tenant_id, user_id) select tenant_id, user_id from person
  ), made_sessions as (
    insert into sessions (tenant_id, id, user_id, token_hash, expires_at)
    select tenant_id, gen_random_uuid(), user_id, token_hash, now() + interval '1 day' from person
  ), made_conversations as (
    insert into conversations (tenant_id, id, owner_id, title, visibility, message_count, last_position, last_message_at)
    select tenant_id, conversation_id, user_id, 'A conversation', 'TENANT', $5, $5, now() from person
  ), made_participants as (
    insert into participants (tenant_id, conversation_id, user_id)
    select tenant_id, conversation_id, user_id from person
  )
  insert into messages (tenant_id, conversation_id, id, position, author_id, content)
  select tenant_id, conversation_id, gen_random_uuid(), position, user_id, 'message ' || position
  from person cross join generate_series(1, $5::integer) as position`;
