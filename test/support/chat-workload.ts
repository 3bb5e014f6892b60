import { hash } from 'node:crypto';
import sql from 'sql-template-tag';
import type { App } from '../../src/app/app.ts';
import type { Clock } from '../../src/platform/runtime/clock.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import { createId, toPublicId } from '../../src/platform/ids.ts';

/**
 * What caches are meant to answer, save for who asks; what is always read from the tables, save for who asks
 * and who wrote; and what changes them.
 */
export type WorkKind = 'cached' | 'pages' | 'changes';

/** The number of requests of a kind, and their cost. */
export interface WorkCost {
  readonly requests: number;
  readonly failed: number;
  /** The statements of requests; notifications arrive on a connection of their own, which is not counted. */
  readonly statements: number;
}

/** A tenant whose members chat. */
export interface ChatTenant {
  readonly people: readonly { readonly id: string; readonly token: string }[];
  /** Each with messages of several people. */
  readonly conversationIds: readonly string[];
}

interface Step {
  readonly kind: WorkKind;
  readonly query: (tenant: ChatTenant, person: number, round: number) => string;
}

const open: Step = {
  kind: 'cached',
  query: () => `{ viewer { displayName profile { firstName lastName } }
    settings { maxMessageLength defaultModel { name } } models { id name } }`,
};
const colleague: Step = {
  kind: 'cached',
  query: ({ people }, person, round) =>
    `{ user(id: "${people[(person + round + 1) % people.length]?.id}") { displayName profile { firstName } } }`,
};
const models: Step = { kind: 'cached', query: () => '{ models { id name contextWindow } }' };
const settings: Step = { kind: 'cached', query: () => '{ settings { maxMessageLength } }' };
const list: Step = {
  kind: 'pages',
  query: () => '{ conversations(first: 20) { nodes { title messageCount lastMessage { content } } } }',
};
const page: Step = {
  kind: 'pages',
  query: (tenant, person, round) => `{ conversation(id: "${conversationOf(tenant, person, round)}") {
    messages(last: 20) { nodes { content author { displayName } } pageInfo { hasPreviousPage } } } }`,
};
const send: Step = {
  kind: 'changes',
  query: (tenant, person, round) => `mutation { sendMessage(input: {
    conversationId: "${conversationOf(tenant, person, round)}", content: "Round ${round}" }) { userErrors { code } } }`,
};
const rename: Step = {
  kind: 'changes',
  query: (_tenant, person, round) =>
    `mutation { updateProfile(input: { firstName: "Person ${person} ${round}" }) { userErrors { code } } }`,
};

/**
 * One in ten changes their profile early on, so that what that ends is read anew; the others write once more.
 */
const change: Step = {
  kind: 'changes',
  query: (tenant, person, round) => (person % 10 === 0 ? rename : send).query(tenant, person, round),
};

/**
 * One person's twenty requests: eleven for what is cached, seven for conversations, two to change something.
 */
const steps: readonly Step[] = [
  [open, list, page, colleague, models, page, change],
  [open, list, page, colleague, settings, colleague],
  [open, list, page, colleague, models, open, send],
].flat();

/** Sends the requests of all users in turn, `atOnce` concurrently, and returns the cost of each kind. */
export async function measureChat(
  { app, database }: { readonly app: App; readonly database: Database },
  tenant: ChatTenant,
  options: {
    readonly atOnce: number;
    /** Answers the body. */
    readonly ask: (query: string, token: string) => Promise<string>;
  },
): Promise<Readonly<Record<WorkKind, WorkCost>>> {
  const costs = { cached: noCost(), pages: noCost(), changes: noCost() };
  // What was written before is announced to the caches in its own time.
  await app.coherence.waitForInvalidation();
  for (const [round, { kind, query }] of steps.entries()) {
    const cost = costs[kind];
    const stop = database.observe(() => (cost.statements += 1));
    for (let index = 0; index < tenant.people.length; index += options.atOnce) {
      const together = tenant.people.slice(index, index + options.atOnce);
      const answers = await Promise.all(
        together.map(({ token }, place) => options.ask(query(tenant, index + place, round), token)),
      );
      cost.requests += answers.length;
      cost.failed += answers.filter((answer) => !isWell(answer)).length;
    }
    stop();
  }
  return costs;
}

/** The sum of some kinds. */
export function sumOf(costs: Readonly<Record<WorkKind, WorkCost>>, kinds: readonly WorkKind[]): WorkCost {
  const sum = noCost();
  for (const kind of kinds) {
    sum.requests += costs[kind].requests;
    sum.failed += costs[kind].failed;
    sum.statements += costs[kind].statements;
  }
  return sum;
}

/**
 * So many people, each signed in, and twice as many conversations of forty messages, by four of them each.
 */
export async function createChatTenant(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  peopleCount: number,
): Promise<ChatTenant> {
  const tenantId = createId();
  const now = new Date(clock.now());
  const people = Array.from({ length: peopleCount }, () => ({
    uuid: createId(),
    token: `parley_session_${hash('sha256', createId(), 'base64url')}`,
  }));
  const userIds = people.map(({ uuid }) => uuid);
  const hashes = people.map(({ token }) => hash('sha256', token, 'buffer'));
  const conversationIds = Array.from({ length: 2 * peopleCount }, () => createId());
  await database.query(
    sql`insert into tenants (id, slug, name) values (${tenantId}::uuid, ${tenantId}, 'Chatting')`,
  );
  await database.query(sql`insert into users (id, email, first_name, last_name, created_at)
    select id, id || '@example.org', 'Person', 'Chatting', ${now} from unnest(${userIds}::uuid[]) as id`);
  await database.query(sql`insert into memberships (tenant_id, user_id, role, joined_at)
    select ${tenantId}::uuid, id, 'MEMBER', ${now} from unnest(${userIds}::uuid[]) as id`);
  await database.query(sql`insert into sessions (tenant_id, id, user_id, token_hash, created_at, last_seen_at, expires_at)
    select ${tenantId}::uuid, gen_random_uuid(), id, token_hash, ${now}, ${now}, ${new Date(clock.now() + 86_400_000)}
    from unnest(${userIds}::uuid[], ${hashes}::bytea[]) as session(id, token_hash)`);
  await database.query(sql`insert into conversations
      (tenant_id, id, owner_id, title, visibility, message_count, last_position, created_at, updated_at)
    select ${tenantId}::uuid, id, null, 'A conversation', 'TENANT', 40, 40, ${now}, ${now}
    from unnest(${conversationIds}::uuid[]) as id`);
  await database.query(sql`insert into messages (tenant_id, conversation_id, id, position, author_id, content, created_at)
    select ${tenantId}::uuid, c.id, gen_random_uuid(), position,
      (${userIds}::uuid[])[1 + (c.number + position % 4) % ${peopleCount}::int], 'Message ' || position, ${now}
    from unnest(${conversationIds}::uuid[]) with ordinality as c(id, number), generate_series(1, 40) as position`);
  return {
    people: people.map(({ uuid, token }) => ({ id: toPublicId('user', uuid), token })),
    conversationIds: conversationIds.map((id) => toPublicId('conv', id)),
  };
}

/** Free of errors, those of a mutation's payload too, and of absent things. */
function isWell(answer: string): boolean {
  return !/"errors"|"code"|"data":null|"(user|conversation|viewer|sendMessage|updateProfile)":null/.test(
    answer,
  );
}

function conversationOf({ conversationIds }: ChatTenant, person: number, round: number): string {
  return conversationIds[(2 * person + round) % conversationIds.length] ?? '';
}

function noCost() {
  return { requests: 0, failed: 0, statements: 0 };
}
