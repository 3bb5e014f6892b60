import type { PoolClient } from 'pg';
import sql from 'sql-template-tag';
import { analyze } from '../../platform/postgres/analyze.ts';
import { copyRows } from '../../platform/postgres/copy-rows.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { inTransaction } from '../../platform/postgres/transaction.ts';
import { Refusal } from '../../platform/errors.ts';
import { defaultModelSlug, languageModels } from './language-models.ts';
import type { DemoConversation, DemoFoundation } from './model.ts';
import { passwordHash } from './password.ts';

/** The numbers of rows that a transaction inserted. */
export interface Written {
  readonly conversations: number;
  readonly messages: number;
}

/** The database queries of the demo data. */
export type DemoQueries = ReturnType<typeof createDemoQueries>;

/** Creates the database queries of the demo data, which take no tenant: the data belong to several. */
export function createDemoQueries(db: Database) {
  return {
    /** Returns true if no user can sign in; authors of imported messages cannot. */
    async isUninhabited(): Promise<boolean> {
      const people = await db.query(sql`select true as "isThere" from users where email is not null limit 1`);
      return people.length === 0;
    },

    /**
     * Inserts missing rows in one transaction; existing rows stay unchanged. The foundation must be inserted
     * with the first conversations or before them.
     * @throws Refusal with CONFLICT if a slug or an email address of the demo is used by other data
     */
    async write(
      foundation: DemoFoundation | null,
      conversations: readonly DemoConversation[],
    ): Promise<Written> {
      return inTransaction(db.pool, async (client) => {
        if (foundation !== null) await addFoundation(client, foundation);
        const added = await addConversations(client, conversations);
        // A connection keeps its plans for checking foreign keys; plans for empty tables would read far too
        // much.
        if (foundation !== null) await client.query('analyze memberships, conversations');
        await copyParticipants(client, added);
        return { conversations: added.length, messages: await copyMessages(client, added) };
      });
    },

    /** Updates the planner's statistics. */
    async analyze(): Promise<void> {
      await analyze(db.pool, 'tenants, users, memberships, conversations, participants, messages');
      await analyze(db.pool, 'models, exercises, assignments');
    },
  };
}

async function addFoundation(client: PoolClient, foundation: DemoFoundation): Promise<void> {
  await addModels(client);
  await addTenants(client, foundation);
  await addPeople(client, foundation);
  await addMemberships(client, foundation);
  await addExercises(client, foundation);
  await addAssignments(client, foundation);
}

async function addModels(client: PoolClient): Promise<void> {
  await client.query(sql`insert into models (slug, name, provider, context_window, max_output_tokens,
      input_price_per_million, output_price_per_million, is_enabled, is_mock)
    select slug, name, provider, "contextWindow", "maxOutputTokens", "inputPricePerMillion", "outputPricePerMillion",
      "isEnabled", "isMock"
    from jsonb_to_recordset(${JSON.stringify(languageModels)}::jsonb) as given(slug text, name text, provider text,
      "contextWindow" integer, "maxOutputTokens" integer, "inputPricePerMillion" float8, "outputPricePerMillion" float8,
      "isEnabled" boolean, "isMock" boolean)
    on conflict do nothing`);
  // The migration has inserted the only row; a default that an admin has chosen stays.
  await client.query(sql`update app_settings set default_model_slug = ${defaultModelSlug}
    where default_model_slug is null`);
}

async function addTenants(client: PoolClient, { tenants }: DemoFoundation): Promise<void> {
  const given = JSON.stringify(tenants);
  await client.query(sql`insert into tenants (id, slug, name, created_at)
    select id, slug, name, "createdAt"
    from jsonb_to_recordset(${given}::jsonb) as given(id uuid, slug text, name text, "createdAt" timestamptz)
    on conflict do nothing`);
  const { rows } = await client.query<{ name: string }>(sql`select slug as name
    from jsonb_to_recordset(${given}::jsonb) as given(id uuid, slug text)
    where not exists (select from tenants t where t.id = given.id)`);
  refuseTaken(
    'tenant',
    rows.map((row) => row.name),
  );
}

async function addPeople(client: PoolClient, { people }: DemoFoundation): Promise<void> {
  const given = JSON.stringify(people);
  await client.query(sql`insert into users (id, email, first_name, last_name, password_hash, is_platform_admin,
      onboarding_completed, profile, email_verified_at, created_at, updated_at)
    select id, email, "firstName", "lastName", ${passwordHash}, "isPlatformAdmin", true, profile,
      "createdAt", "createdAt", "createdAt"
    from jsonb_to_recordset(${given}::jsonb) as given(id uuid, email text, "firstName" text, "lastName" text,
      "isPlatformAdmin" boolean, profile jsonb, "createdAt" timestamptz)
    on conflict do nothing`);
  const { rows } = await client.query<{ name: string }>(sql`select email as name
    from jsonb_to_recordset(${given}::jsonb) as given(id uuid, email text)
    where not exists (select from users u where u.id = given.id)`);
  refuseTaken(
    'e-mail address',
    rows.map((row) => row.name),
  );
}

async function addMemberships(client: PoolClient, { memberships }: DemoFoundation): Promise<void> {
  await client.query(sql`insert into memberships (tenant_id, user_id, role, joined_at, created_at)
    select "tenantId", "userId", role, "joinedAt", "joinedAt"
    from jsonb_to_recordset(${JSON.stringify(memberships)}::jsonb) as given("tenantId" uuid, "userId" uuid, role role,
      "joinedAt" timestamptz)
    on conflict do nothing`);
}

async function addExercises(client: PoolClient, { exercises }: DemoFoundation): Promise<void> {
  await client.query(sql`insert into exercises (id, title, topic, difficulty, prompt, created_at)
    select id, title, topic, difficulty, prompt, "createdAt"
    from jsonb_to_recordset(${JSON.stringify(exercises)}::jsonb) as given(id uuid, title text, topic text,
      difficulty difficulty, prompt text, "createdAt" timestamptz)
    on conflict do nothing`);
}

async function addAssignments(client: PoolClient, { assignments }: DemoFoundation): Promise<void> {
  await client.query(sql`insert into assignments (tenant_id, id, user_id, exercise_id, status, submission, score,
      assigned_at, finished_at, created_at)
    select "tenantId", id, "userId", "exerciseId", status, submission, score, "assignedAt", "finishedAt", "assignedAt"
    from jsonb_to_recordset(${JSON.stringify(assignments)}::jsonb) as given("tenantId" uuid, id uuid, "userId" uuid,
      "exerciseId" uuid, status assignment_status, submission text, score float8, "assignedAt" timestamptz,
      "finishedAt" timestamptz)
    on conflict do nothing`);
}

function refuseTaken(what: string, names: readonly string[]): void {
  const [name] = names;
  if (name === undefined) return;
  throw new Refusal(
    'CONFLICT',
    `The demo data cannot be inserted: the ${what} ${name} is already used by other data.`,
  );
}

/** Inserts missing conversations and returns them. */
async function addConversations(
  client: PoolClient,
  conversations: readonly DemoConversation[],
): Promise<DemoConversation[]> {
  const given = conversations.map((conversation) => ({
    ...conversation,
    messageCount: conversation.messages.length,
    messages: undefined,
  }));
  const { rows } = await client.query<{
    id: string;
  }>(sql`insert into conversations (tenant_id, id, owner_id, title,
      visibility, model_slug, message_count, last_position, last_message_at, created_at, updated_at, archived_at)
    select "tenantId", id, "ownerId", title, visibility, "modelSlug", "messageCount", "messageCount", "lastMessageAt",
      "createdAt", "updatedAt", "archivedAt"
    from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as given("tenantId" uuid, id uuid, "ownerId" uuid, title text,
      visibility visibility, "modelSlug" text, "messageCount" integer, "lastMessageAt" timestamptz,
      "createdAt" timestamptz, "updatedAt" timestamptz, "archivedAt" timestamptz)
    on conflict do nothing
    returning id`);
  const added = new Set(rows.map((row) => row.id));
  return conversations.filter(({ id }) => added.has(id));
}

async function copyParticipants(
  client: PoolClient,
  conversations: readonly DemoConversation[],
): Promise<void> {
  const rows = conversations.flatMap(({ tenantId, id, ownerId, participantIds, createdAt, lastMessageAt }) =>
    participantIds.map((userId) => {
      const lastReadAt = userId === ownerId ? lastMessageAt : null;
      return [tenantId, id, userId, createdAt, lastReadAt, createdAt];
    }),
  );
  await copyRows(
    client,
    'participants',
    ['tenant_id', 'conversation_id', 'user_id', 'joined_at', 'last_read_at', 'created_at'],
    rows,
  );
}

async function copyMessages(client: PoolClient, conversations: readonly DemoConversation[]): Promise<number> {
  const rows = conversations.flatMap(({ tenantId, id, messages }) =>
    messages.map((message, index) => [
      tenantId,
      id,
      message.id,
      index + 1,
      message.authorId,
      message.role,
      message.content,
      message.modelSlug,
      message.tokenCount,
      JSON.stringify(message.metadata),
      message.createdAt,
      message.editedAt,
    ]),
  );
  return copyRows(client, 'messages', messageColumns, rows);
}

const messageColumns = [
  'tenant_id',
  'conversation_id',
  'id',
  'position',
  'author_id',
  'role',
  'content',
  'model_slug',
  'token_count',
  'metadata',
  'created_at',
  'edited_at',
] as const;
