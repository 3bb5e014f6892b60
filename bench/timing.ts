import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import sql from 'sql-template-tag';
import { createApp } from '../src/app/app.ts';
import { readConfig } from '../src/app/config/config.ts';
import { openPlatform } from '../src/app/open-platform.ts';
import type { Database } from '../src/platform/postgres/database.ts';
import { createId, toPublicId } from '../src/platform/ids.ts';
import { hashPassword } from '../src/platform/security/passwords.ts';

/**
 * Checks that response times do not reveal the existence of another tenant's object or of an account.
 * Requests for an object that is hidden and for one that does not exist alternate; the medians may differ by
 * `differenceMaxMs`.
 *
 *     npx tsx bench/timing.ts [tries]
 */
async function main(tries: number): Promise<number> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'parley-timing-'));
  // PostgreSQL refuses to run as root; its own user needs access to the folder.
  await chmod(dataDirectory, 0o755);
  const config = readConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DATA_DIRECTORY: dataDirectory,
    SIGN_IN_LIMIT_PER_ACCOUNT: '1000000',
    SIGN_IN_LIMIT_PER_ADDRESS: '1000000',
  });
  const platform = await openPlatform(config);
  try {
    const server = await createApp({ ...platform, config }).createServer(null);
    const token = await fill(platform.database, tries + warmUpTries);
    const results = await measureAll(server, token, tries);
    await server.close();
    console.table(results);
    return results.every(({ difference }) => Math.abs(difference) <= differenceMaxMs) ? 0 : 1;
  } finally {
    await platform.close();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

const differenceMaxMs = 1;
const warmUpTries = 20;
const password = 'correct horse battery staple';

/** Median response times of a pair of requests, in milliseconds. */
interface Result {
  readonly what: string;
  readonly hidden: number;
  readonly missing: number;
  readonly difference: number;
}

/** An operation with its variables for each attempt. */
interface RequestPair {
  readonly query: string;
  readonly hidden: (index: number) => Readonly<Record<string, unknown>>;
  readonly missing: (index: number) => Readonly<Record<string, unknown>>;
}

async function measureAll(server: FastifyInstance, token: string, tries: number): Promise<Result[]> {
  const results: Result[] = [];
  for (const [what, pair] of Object.entries(pairs)) {
    const authorization = what.startsWith('signIn') ? {} : { authorization: `Bearer ${token}` };
    const request = async (variables: Readonly<Record<string, unknown>>) => {
      const startedAt = performance.now();
      const response = await server.inject({
        method: 'POST',
        url: '/graphql',
        headers: authorization,
        payload: { query: pair.query, variables },
      });
      const duration = performance.now() - startedAt;
      if (response.json().errors !== undefined) throw new Error(`${what}: ${response.body}`);
      return duration;
    };
    results.push({ what, ...(await measure(pair, request, tries)) });
  }
  return results;
}

async function measure(
  pair: RequestPair,
  request: (variables: Readonly<Record<string, unknown>>) => Promise<number>,
  tries: number,
): Promise<Omit<Result, 'what'>> {
  const durations: Record<'hidden' | 'missing', number[]> = { hidden: [], missing: [] };
  for (let index = 0; index < tries + warmUpTries; index += 1) {
    // The order alternates, so that neither always profits from caches that the other has warmed.
    const order = index % 2 === 0 ? (['hidden', 'missing'] as const) : (['missing', 'hidden'] as const);
    for (const kind of order) {
      const duration = await request(pair[kind](index));
      if (index >= warmUpTries) durations[kind].push(duration);
    }
  }
  const [hidden, missing] = [medianOf(durations.hidden), medianOf(durations.missing)];
  return { hidden: rounded(hidden), missing: rounded(missing), difference: rounded(hidden - missing) };
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

const userErrors = '{ userErrors { code } }';
const signIn = `mutation ($email: EmailAddress!, $password: String!, $tenantId: ID) {
  signIn(input: { email: $email, password: $password, tenantId: $tenantId }) ${userErrors} }`;

const pairs: Readonly<Record<string, RequestPair>> = {
  'node, a conversation': byId('conv', '{ node(id: $id) { id } }'),
  'node, a message': byId('msg', '{ node(id: $id) { id } }'),
  'node, a session': byId('session', '{ node(id: $id) { id } }'),
  'node, a key': byId('key', '{ node(id: $id) { id } }'),
  'node, a person': byId('user', '{ node(id: $id) { id } }'),
  conversation: byId('conv', '{ conversation(id: $id) { id messages { nodes { id } } } }'),
  message: byId('msg', '{ message(id: $id) { id author { id } } }'),
  revokeSession: byId('session', `{ revokeSession(input: { sessionId: $id }) ${userErrors} }`, 'mutation'),
  revokeApiKey: byId('key', `{ revokeApiKey(input: { apiKeyId: $id }) ${userErrors} }`, 'mutation'),
  sendMessage: byId(
    'conv',
    `{ sendMessage(input: { conversationId: $id, content: "x" }) ${userErrors} }`,
    'mutation',
  ),
  'signIn, a wrong password': signInAs(0, { password: 'wrong' }),
  'signIn, a disabled account': signInAs(1, { password }),
  'signIn, an account without a password': signInAs(2, { password }),
  'signIn, another tenant': signInAs(0, { password, tenantId: `tenant_${'0'.repeat(32)}` }),
};

/** Pairs an object of the other tenant with one that does not exist. */
function byId(prefix: string, selection: string, kind = 'query'): RequestPair {
  return {
    query: `${kind} ($id: ID!) ${selection}`,
    hidden: (index) => ({ id: toPublicId(prefix, uuidOf(index)) }),
    missing: () => ({ id: toPublicId(prefix, createId()) }),
  };
}

/** Pairs an account of one of three kinds with one that does not exist, with the same credentials. */
function signInAs(kind: number, variables: Readonly<Record<string, unknown>>): RequestPair {
  return {
    query: signIn,
    hidden: (index) => ({ ...variables, email: `person${3 * index + kind}@example.org` }),
    missing: (index) => ({ ...variables, email: `nobody${3 * index + kind}@example.org` }),
  };
}

/** Returns the ID that all objects of one index share in the other tenant. */
function uuidOf(index: number): string {
  return `00000000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`;
}

/**
 * Creates two tenants, one of them with `count` objects of each type, and returns the token of the other
 * tenant's owner.
 */
async function fill(db: Database, count: number): Promise<string> {
  const [here, there, owner] = [createId(), createId(), createId()];
  const token = `parley_session_${createHash('sha256').update(owner).digest('base64url')}`;
  const passwordHash = await hashPassword(password);
  const ids = Array.from({ length: 3 * count }, (_, index) => uuidOf(index));
  await db.query(sql`insert into tenants (id, slug, name)
    values (${here}::uuid, 'here', 'Here'), (${there}::uuid, 'there', 'There')`);
  await db.query(sql`insert into users (id) values (${owner}::uuid)`);
  await db.query(sql`insert into users (id, email, password_hash, is_active)
    select id, 'person' || n - 1 || '@example.org', case when n % 3 = 0 then null else ${passwordHash} end, n % 3 <> 2
    from unnest(${ids}::uuid[]) with ordinality as person(id, n)`);
  await db.query(sql`insert into memberships (tenant_id, user_id, role)
    select ${there}::uuid, id, 'MEMBER'::role from users where id <> ${owner}::uuid
    union all select ${here}::uuid, ${owner}::uuid, 'OWNER'`);
  await db.query(sql`insert into sessions (tenant_id, id, user_id, token_hash, expires_at)
    select tenant_id, user_id, user_id, case when user_id = ${owner}::uuid then sha256(${token}::bytea)
      else sha256(user_id::text::bytea) end, now() + interval '1 day' from memberships`);
  await db.query(sql`insert into api_keys (tenant_id, id, user_id, name, prefix, key_hash, scopes)
    select tenant_id, user_id, user_id, 'A key', 'parley_key_', sha256(user_id::text::bytea), '{read}' from memberships`);
  await db.query(sql`insert into conversations (tenant_id, id, owner_id, title, message_count, last_position)
    select tenant_id, user_id, user_id, 'A conversation', 1, 1 from memberships`);
  await db.query(sql`insert into messages (tenant_id, conversation_id, id, position, author_id, content)
    select tenant_id, id, id, 1, owner_id, 'hello' from conversations`);
  await db.query(sql`analyze`);
  return token;
}

process.exitCode = await main(Number(process.argv[2] ?? 200));
