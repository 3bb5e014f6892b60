import { DatabaseError, type PoolClient } from 'pg';
import sql from 'sql-template-tag';
import { analyze } from '../../platform/postgres/analyze.ts';
import { copyRows } from '../../platform/postgres/copy-rows.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { inTransaction } from '../../platform/postgres/transaction.ts';
import { createId } from '../../platform/ids.ts';
import { authorExternalId, firstTimes, spanOf, type ImportedConversation } from './model.ts';

/** The numbers of rows that a transaction inserted. */
export interface Stored {
  readonly conversations: number;
  readonly messages: number;
  readonly authors: number;
}

/** A conversation that PostgreSQL rejects; the message gives the reason. */
export class NotStorable extends Error {}

/** The database queries of imports of conversations. */
export type ImportQueries = ReturnType<typeof createImportQueries>;

/** Creates the database queries of imports, which take no tenant: each conversation names its tenant. */
export function createImportQueries(db: Database) {
  return {
    /**
     * Inserts missing conversations with their tenants, authors and messages, in one transaction.
     * @throws NotStorable if PostgreSQL rejects one of the conversations
     * @throws Unavailable if the database is unreachable
     */
    async store(conversations: readonly ImportedConversation[], now: Date): Promise<Stored> {
      try {
        return await inTransaction(db.pool, (client) => store(client, conversations, now));
      } catch (error) {
        throw isAboutTheData(error) ? new NotStorable(error.message, { cause: error }) : error;
      }
    },

    /**
     * Updates the planner's statistics of referenced tables; to be called after the first rows of an import.
     * A connection keeps its plans for checking foreign keys, and a plan for empty tables reads all members
     * of a tenant for every message.
     */
    async analyzeReferenced(): Promise<void> {
      await db.query(sql`analyze memberships, conversations`);
    },

    /** Updates the planner's statistics of all imported tables. */
    async analyze(): Promise<void> {
      await analyze(db.pool, 'tenants, users, memberships, conversations, participants, messages');
    },
  };
}

/** A conversation that this transaction inserts. */
interface Winner extends ImportedConversation {
  readonly tenantId: string;
  readonly id: string;
}

/** An author in a tenant; `firstAt` is the time of the author's first message in this transaction. */
interface Author {
  readonly tenantId: string;
  readonly externalId: string;
  readonly name: string;
  readonly firstAt: Date;
}

type UserIds = ReadonlyMap<string, string>;

// Another import of the same file may run concurrently. All imports take the steps in the same order, and
// each step inserts its rows in the same order, so that imports wait for each other instead of deadlocking;
// the second import finds an existing row and leaves it unchanged.
async function store(
  client: PoolClient,
  conversations: readonly ImportedConversation[],
  now: Date,
): Promise<Stored> {
  const tenantIds = await ensureTenants(client, conversations, now);
  const winners = await addConversations(client, conversations, tenantIds);
  if (winners.length === 0) return { conversations: 0, messages: 0, authors: 0 };

  const authors = authorsOf(winners);
  const addedAuthors = await addUsers(client, authors, now);
  const userIds = await findUserIds(client, authors);
  await addMemberships(client, authors, userIds, now);
  await copyParticipants(client, winners, userIds, now);
  const messages = await copyMessages(client, winners, userIds);
  return { conversations: winners.length, messages, authors: addedAuthors };
}

async function ensureTenants(
  client: PoolClient,
  conversations: readonly ImportedConversation[],
  now: Date,
): Promise<ReadonlyMap<string, string>> {
  const slugs = [...new Set(conversations.map((conversation) => conversation.tenant))].toSorted();
  await client.query(sql`insert into tenants (id, slug, name, created_at)
    select id, slug, slug, ${now.toISOString()}::timestamptz
    from unnest(${slugs.map(() => createId())}::uuid[], ${slugs}::text[]) as given(id, slug)
    on conflict do nothing`);
  const { rows } = await client.query<{ id: string; slug: string }>(
    sql`select id, slug from tenants where slug = any(${slugs}::text[])`,
  );
  return new Map(rows.map((row) => [row.slug, row.id]));
}

async function addConversations(
  client: PoolClient,
  conversations: readonly ImportedConversation[],
  tenantIds: ReadonlyMap<string, string>,
): Promise<Winner[]> {
  const candidates = conversations
    .map((conversation): Winner => ({
      ...conversation,
      tenantId: idIn(tenantIds, conversation.tenant),
      id: createId(),
    }))
    .toSorted(
      (one, other) => compare(one.tenantId, other.tenantId) || compare(one.externalId, other.externalId),
    );
  const spans = candidates.map(({ messages }) => spanOf(messages));
  const { rows } = await client.query<{
    id: string;
  }>(sql`insert into conversations (tenant_id, id, title, visibility,
      external_id, message_count, last_position, created_at, last_message_at, updated_at)
    select tenant_id, id, title, 'TENANT', external_id, message_count, message_count, created_at, last_message_at, updated_at
    from unnest(
      ${candidates.map(({ tenantId }) => tenantId)}::uuid[], ${candidates.map(({ id }) => id)}::uuid[],
      ${candidates.map(({ title }) => title)}::text[], ${candidates.map(({ externalId }) => externalId)}::text[],
      ${candidates.map(({ messages }) => messages.length)}::integer[],
      ${spans.map(({ startedAt }) => startedAt)}::timestamptz[],
      ${spans.map(({ lastMessageAt }) => lastMessageAt)}::timestamptz[],
      ${spans.map(({ newestAt }) => newestAt)}::timestamptz[]
    ) as given(tenant_id, id, title, external_id, message_count, created_at, last_message_at, updated_at)
    on conflict do nothing
    returning id`);
  const added = new Set(rows.map((row) => row.id));
  return candidates.filter(({ id }) => added.has(id));
}

/** Lists each author once, in the order of insertion. */
function authorsOf(winners: readonly Winner[]): Author[] {
  const authors = new Map<string, Author>();
  for (const { tenant, tenantId, messages } of winners) {
    for (const [name, firstAt] of firstTimes(messages)) {
      const externalId = authorExternalId(tenant, name);
      const known = authors.get(externalId);
      if (known === undefined || firstAt < known.firstAt) {
        authors.set(externalId, { tenantId, externalId, name, firstAt });
      }
    }
  }
  return [...authors.values()].toSorted((one, other) => compare(one.externalId, other.externalId));
}

/**
 * Inserts users without an email address and a password, who cannot sign in; returns the number of new users.
 */
async function addUsers(client: PoolClient, authors: readonly Author[], now: Date): Promise<number> {
  const { rowCount } =
    await client.query(sql`insert into users (id, external_id, first_name, created_at, updated_at)
    select id, external_id, first_name, ${now.toISOString()}::timestamptz, ${now.toISOString()}::timestamptz
    from unnest(${authors.map(() => createId())}::uuid[], ${authors.map(({ externalId }) => externalId)}::text[],
      ${authors.map(({ name }) => name)}::text[]) as given(id, external_id, first_name)
    on conflict do nothing`);
  return rowCount ?? 0;
}

async function findUserIds(client: PoolClient, authors: readonly Author[]): Promise<UserIds> {
  const { rows } = await client.query<{
    id: string;
    externalId: string;
  }>(sql`select id, external_id as "externalId"
    from users where external_id = any(${authors.map(({ externalId }) => externalId)}::text[])`);
  return new Map(rows.map((row) => [row.externalId, row.id]));
}

async function addMemberships(
  client: PoolClient,
  authors: readonly Author[],
  userIds: UserIds,
  now: Date,
): Promise<void> {
  await client.query(sql`insert into memberships (tenant_id, user_id, role, joined_at, created_at)
    select tenant_id, user_id, 'MEMBER', joined_at, ${now.toISOString()}::timestamptz
    from unnest(${authors.map(({ tenantId }) => tenantId)}::uuid[],
      ${authors.map(({ externalId }) => idIn(userIds, externalId))}::uuid[],
      ${authors.map(({ firstAt }) => firstAt.toISOString())}::timestamptz[]) as given(tenant_id, user_id, joined_at)
    on conflict do nothing`);
}

async function copyParticipants(
  client: PoolClient,
  winners: readonly Winner[],
  userIds: UserIds,
  now: Date,
): Promise<void> {
  const rows = winners.flatMap(({ tenant, tenantId, id, messages }) =>
    [...firstTimes(messages)].map(([author, joinedAt]) => {
      const userId = idIn(userIds, authorExternalId(tenant, author));
      return [tenantId, id, userId, joinedAt, now];
    }),
  );
  await copyRows(
    client,
    'participants',
    ['tenant_id', 'conversation_id', 'user_id', 'joined_at', 'created_at'],
    rows,
  );
}

async function copyMessages(
  client: PoolClient,
  winners: readonly Winner[],
  userIds: UserIds,
): Promise<number> {
  const rows = winners.flatMap(({ tenant, tenantId, id, messages }) =>
    messages.map(({ author, role, content, createdAt }, index) => {
      const authorId = idIn(userIds, authorExternalId(tenant, author));
      return [tenantId, id, createId(), index + 1, authorId, role, content, createdAt];
    }),
  );
  return copyRows(
    client,
    'messages',
    ['tenant_id', 'conversation_id', 'id', 'position', 'author_id', 'role', 'content', 'created_at'],
    rows,
  );
}

function idIn(ids: ReadonlyMap<string, string>, key: string): string {
  const id = ids.get(key);
  if (id === undefined) throw new Error(`${key} is gone since it was stored.`);
  return id;
}

/** Compares by UTF-16 units, which do not depend on a collation. */
function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

// PostgreSQL's error codes (its manual, appendix A): 22 data exception, 23 integrity constraint violation, 54
// program limit exceeded. Errors of other classes are not caused by one conversation.
const dataErrorClasses: readonly string[] = ['22', '23', '54'];

function isAboutTheData(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && dataErrorClasses.includes((error.code ?? '').slice(0, 2));
}
