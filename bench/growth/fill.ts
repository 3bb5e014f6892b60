import type { Client } from 'pg';

/** The tenant that grows, and three of its users. */
export const growing = {
  tenantId: '01900000-0000-7000-8000-000000000001',
  admin: personId(1),
  /** Participates in 100 private conversations and owns none. */
  member: personId(2),
  /** Participates in the same conversations as the member. */
  guest: personId(3),
  /** Has `longPositions` messages at every table size. */
  longConversation: conversationId(0),
  longPositions: 5000,
  /** Occurs in `rareMessages` messages at every table size. */
  rareWord: 'quicksilver',
  rareMessages: 20,
  /** Occurs in every hundredth message. */
  commonWord: 'harbour',
} as const;

const people = 1000;
const messagesPerConversation = 25;
const joined = 100;

/** Creates the tenant, its users and the long conversation. */
export async function createTenant(client: Client): Promise<void> {
  await client.query('set session_replication_role = replica; set synchronous_commit = off');
  await client.query(
    `insert into tenants (id, slug, name) values ('${growing.tenantId}', 'growing', 'Growing')`,
  );
  await client.query(`insert into users (id, email, first_name, last_name)
    select ${idFrom('9000', 'n')}, 'person' || n || '@growing.example', 'Person', n::text from generate_series(1, ${people}) n`);
  await client.query(`insert into memberships (tenant_id, user_id, role)
    select '${growing.tenantId}', id, 'MEMBER' from users`);
  await client.query(`update memberships set role = 'ADMIN' where user_id = '${growing.admin}'`);
  await client.query(`update memberships set role = 'GUEST' where user_id = '${growing.guest}'`);
  await addConversations(client, 0, 0, growing.longPositions);
  await addMessages(client, `generate_series(1, ${growing.longPositions}) p`, '0', 'p');
}

/** Adds conversations up to a total number of messages, and returns the total number of conversations. */
export async function growTo(client: Client, messages: number, before: number): Promise<number> {
  const conversationsAt = (total: number) =>
    Math.max(0, total - growing.longPositions) / messagesPerConversation;
  const [from, to] = [conversationsAt(before) + 1, conversationsAt(messages)];
  const indexes = await dropIndexes(client);
  const step = 20_000;
  for (let first = from; first <= to; first += step) {
    const last = Math.min(to, first + step - 1);
    await addConversations(client, first, last, messagesPerConversation);
    const rows = `generate_series(${first}, ${last}) c cross join generate_series(1, ${messagesPerConversation}) p`;
    await addMessages(client, rows, 'c', 'p');
  }
  for (const index of indexes) await client.query(index);
  await addParticipants(client, to + 1);
  await placeRareWord(client, to);
  await client.query('vacuum analyze');
  return to + 1;
}

async function addConversations(
  client: Client,
  first: number,
  last: number,
  messages: number,
): Promise<void> {
  await client.query(`insert into conversations (tenant_id, id, owner_id, title, visibility, message_count, last_position,
      last_message_at, created_at, updated_at)
    select '${growing.tenantId}', ${idFrom('a000', 'c')}, ${idFrom('9000', `4 + c % ${people - 4}`)}, 'Conversation ' || c,
      'PRIVATE', ${messages}, ${messages}, ${timeOf('c')}, ${timeOf('c')}, ${timeOf('c')}
    from generate_series(${first}, ${last}) c`);
  await client.query(`insert into participants (tenant_id, conversation_id, user_id)
    select tenant_id, id, owner_id from conversations where id between ${idFrom('a000', String(first))}
      and ${idFrom('a000', String(last))}`);
}

async function addMessages(
  client: Client,
  rows: string,
  conversation: string,
  position: string,
): Promise<void> {
  const words = `(array['anchor', 'lantern', 'meadow', 'copper', 'violin', 'orchard', 'thunder', 'marble', 'pepper', 'canvas'])`;
  const any = (salt: number) => `${words}[1 + (${conversation} * 31 + ${position} * ${salt}) % 10]`;
  await client.query(`insert into messages (tenant_id, conversation_id, id, position, author_id, content, created_at)
    select '${growing.tenantId}', ${idFrom('a000', conversation)},
      ${idFrom('b000', `${conversation}::bigint * 10000 + ${position}`)}, ${position},
      ${idFrom('9000', `4 + (${conversation} + ${position}) % ${people - 4}`)},
      concat_ws(' ', 'About the', ${any(7)}, 'and the', ${any(13)}, 'of the', ${any(17)}, 'number', ${conversation}, ${position},
        case when (${conversation} + ${position}) % 100 = 0 then '${growing.commonWord}' end),
      ${timeOf(conversation)} + ${position} * interval '1 second'
    from ${rows}`);
}

/** Adds the member and the guest to the same number of conversations, spread over all. */
async function addParticipants(client: Client, conversations: number): Promise<void> {
  await client.query(`delete from participants where user_id in ('${growing.member}', '${growing.guest}')`);
  await client.query(`insert into participants (tenant_id, conversation_id, user_id)
    select '${growing.tenantId}', ${idFrom('a000', `(n::bigint * ${conversations - 1}) / ${joined}`)}, someone::uuid
    from generate_series(1, ${joined}) n, unnest(array['${growing.member}', '${growing.guest}']) someone`);
}

async function placeRareWord(client: Client, conversations: number): Promise<void> {
  await client.query(`update messages set content = replace(content, ' ${growing.rareWord}', '')
    where tenant_id = '${growing.tenantId}' and content_words @@ to_tsquery('english', '${growing.rareWord}')`);
  await client.query(`update messages set content = content || ' ${growing.rareWord}'
    where tenant_id = '${growing.tenantId}' and id in (
      select ${idFrom('b000', `(n::bigint * ${conversations} / ${growing.rareMessages}) * 10000 + 1`)}
      from generate_series(1, ${growing.rareMessages}) n)`);
}

/**
 * Drops the indexes that no constraint needs, because creating them after the insert is faster. Returns their
 * definitions.
 */
async function dropIndexes(client: Client): Promise<string[]> {
  const { rows } = await client.query<{
    name: string;
    definition: string;
  }>(`select i.indexrelid::regclass::text as name,
      pg_get_indexdef(i.indexrelid) as definition
    from pg_index i where i.indrelid = 'messages'::regclass and not i.indisunique`);
  for (const { name } of rows) await client.query(`drop index ${name}`);
  return rows.map(({ definition }) => definition);
}

function personId(number: number): string {
  return `01900000-0000-7000-9000-${number.toString(16).padStart(12, '0')}`;
}

function conversationId(number: number): string {
  return `01900000-0000-7000-a000-${number.toString(16).padStart(12, '0')}`;
}

/** Returns an SQL expression of the ID for a number; the IDs of one kind share a prefix. */
function idFrom(kind: string, number: string): string {
  return `('01900000-0000-7000-${kind}-' || lpad(to_hex((${number})::bigint), 12, '0'))::uuid`;
}

/** Returns an SQL expression of a conversation's time; higher numbers are newer. */
function timeOf(conversation: string): string {
  return `(timestamptz '2026-01-01' + ${conversation} * interval '1 minute')`;
}
