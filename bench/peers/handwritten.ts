// An upper bound, not a peer: node:http without GraphQL, and one statement for each workload, whose result
// PostgreSQL returns as JSON. The operationName of the request selects the statement.
// Omitted: everything but the data.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';
import { readPeerConfig } from './peer-config.ts';

const { databaseUrl, poolSize, port, tenantId, writing } = readPeerConfig();
const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize });

const time = (column: string) => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const name = `concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, ''))`;
const newest = `select c.id, c.title, c.message_count, c.updated_at from conversations c where c.tenant_id = $1
  order by c.updated_at desc, c.id desc limit 20`;
const model = `json_build_object('id', slug, 'name', name, 'provider', provider, 'contextWindow', context_window,
  'maxOutputTokens', max_output_tokens, 'isEnabled', is_enabled, 'isMock', is_mock,
  'inputPricePerMillion', input_price_per_million, 'outputPricePerMillion', output_price_per_million)`;

const statements: Readonly<Record<string, string>> = {
  W1: `select json_agg(json_build_object('id', c.id, 'title', c.title, 'messageCount', c.message_count, 'lastMessage', last.row)
      order by c.updated_at desc, c.id desc)::text as answer
    from (${newest}) c left join lateral (
      select json_build_object('id', m.id, 'content', m.content, 'createdAt', ${time('m.created_at')}) as row
      from messages m where m.tenant_id = $1 and m.conversation_id = c.id order by m.position desc limit 1) last on true`,
  W2: `select json_agg(json_build_object('id', c.id, 'title', c.title, 'messages', page.rows)
      order by c.updated_at desc, c.id desc)::text as answer
    from (${newest}) c left join lateral (
      select json_agg(json_build_object('id', m.id, 'content', m.content, 'role', m.role, 'createdAt', ${time('m.created_at')},
        'author', case when u.id is null then null else json_build_object('id', u.id, 'displayName', ${name}) end)
        order by m.position) as rows
      from (select * from messages m where m.tenant_id = $1 and m.conversation_id = c.id
        order by m.position desc limit 10) m left join users u on u.id = m.author_id) page on true`,
  W3: `select json_build_object('id', c.id, 'title', c.title, 'messages', (
      select json_agg(json_build_object('id', m.id, 'content', m.content, 'createdAt', ${time('m.created_at')},
        'author', case when u.id is null then null else json_build_object('displayName', ${name}) end) order by m.position)
      from (select * from messages m where m.tenant_id = $1 and m.conversation_id = c.id and m.position > $3::integer
        order by m.position limit 50) m left join users u on u.id = m.author_id))::text as answer
    from conversations c where c.tenant_id = $1 and c.id = $2::uuid`,
  W4: `select json_build_object('id', u.id, 'displayName', ${name}, 'profile', json_build_object('firstName', u.first_name,
      'lastName', u.last_name, 'bio', u.profile->'bio', 'avatarUrl', u.profile->'avatarUrl', 'locale', u.profile->'locale',
      'timezone', u.profile->'timezone', 'preferences', u.profile->'preferences', 'updatedAt', ${time('u.updated_at')}))::text
      as answer
    from users u where u.id = $1::uuid`,
  W5: `select json_build_object('settings', (select json_build_object('anonymousMockMode', anonymous_mock_mode,
      'maxMessageLength', max_message_length, 'signUpEnabled', sign_up_enabled, 'updatedAt', ${time('updated_at')},
      'defaultModel', (select json_build_object('id', slug, 'name', name) from models where slug = default_model_slug))
      from app_settings where id = 1),
    'models', (select json_agg(${model} order by name, slug) from models where is_enabled))::text as answer`,
  W6: `with grown as (
      update conversations set message_count = message_count + 1, last_position = last_position + 1,
        last_message_at = now(), updated_at = greatest(updated_at, now())
      where tenant_id = $1 and id = $2::uuid and archived_at is null returning last_position
    ), sent as (
      insert into messages (tenant_id, conversation_id, id, position, author_id, content)
      select $1, $2::uuid, $5::uuid, grown.last_position, $3, $4 from grown returning id, content, created_at, author_id
    )
    select json_build_object('id', m.id, 'content', m.content, 'createdAt', ${time('m.created_at')},
      'author', json_build_object('displayName', ${name}))::text as answer
    from sent m join users u on u.id = m.author_id`,
};

function valuesOf(operationName: string, { id, after, content }: Record<string, unknown>): unknown[] {
  switch (operationName) {
    case 'W3':
      return [tenantId, id, after];
    case 'W4':
      return [id];
    case 'W5':
      return [];
    case 'W6':
      return [writing.tenantId, id, writing.authorId, content, randomUUID()];
    default:
      return [tenantId];
  }
}

createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (body += chunk));
  request.on('end', async () => {
    const { operationName, variables } = JSON.parse(body);
    try {
      const { rows } = await pool.query({
        name: operationName,
        text: statements[operationName] ?? '',
        values: valuesOf(operationName, variables ?? {}),
      });
      const text = `{"data":${rows[0].answer}}`;
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      });
      response.end(text);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
}).listen(port, '127.0.0.1', () => console.log('listening'));
