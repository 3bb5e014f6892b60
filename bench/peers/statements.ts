// The SQL of the peers without an ORM. Each statement has a name, so that each connection prepares it once.
const message = `m.id, m.content, m.role, m.created_at as "createdAt", m.author_id as "authorId"`;
const person = `u.id, u.first_name as "firstName", u.last_name as "lastName", u.profile, u.updated_at as "updatedAt"`;

export const statements = {
  conversations: `select c.id, c.title, c.message_count as "messageCount" from conversations c
    where c.tenant_id = $1 order by c.updated_at desc, c.id desc limit $2`,
  conversation: `select c.id, c.title, c.message_count as "messageCount" from conversations c
    where c.tenant_id = $1 and c.id = $2`,
  lastMessages: `select parent.ordinal, last.* from unnest($2::uuid[]) with ordinality as parent(id, ordinal)
    cross join lateral (select ${message} from messages m where m.tenant_id = $1 and m.conversation_id = parent.id
      order by m.position desc limit 1) last`,
  newestMessages: `select parent.ordinal, page.* from unnest($2::uuid[]) with ordinality as parent(id, ordinal)
    cross join lateral (select ${message}, m.position from messages m
      where m.tenant_id = $1 and m.conversation_id = parent.id order by m.position desc limit $3) page
    order by parent.ordinal, page.position`,
  messagesAfter: `select ${message} from messages m
    where m.tenant_id = $1 and m.conversation_id = $2 and m.position > $3 order by m.position limit $4`,
  people: `select ${person} from users u where u.id = any($1::uuid[])`,
  settings: `select anonymous_mock_mode as "anonymousMockMode", max_message_length as "maxMessageLength",
      sign_up_enabled as "signUpEnabled", updated_at as "updatedAt", default_model_slug as "defaultModelSlug"
    from app_settings where id = 1`,
  models: `select slug as id, name, provider, context_window as "contextWindow", max_output_tokens as "maxOutputTokens",
      is_enabled as "isEnabled", is_mock as "isMock", input_price_per_million as "inputPricePerMillion",
      output_price_per_million as "outputPricePerMillion"
    from models where is_enabled order by name, slug`,
  model: `select slug as id, name from models where slug = any($1)`,
  sendMessage: `with grown as (
      update conversations set message_count = message_count + 1, last_position = last_position + 1,
        last_message_at = $5, updated_at = greatest(updated_at, $5)
      where tenant_id = $1 and id = $2 and archived_at is null returning last_position
    )
    insert into messages as m (tenant_id, conversation_id, id, position, author_id, content, created_at)
    select $1, $2, $6, grown.last_position, $3, $4, $5 from grown
    returning ${message}`,
} as const;

/** The name of a prepared statement. */
export type StatementName = keyof typeof statements;
