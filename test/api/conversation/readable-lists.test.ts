import { escapeLiteral } from 'pg';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createConversationQueries,
  type ConversationFilter,
  type ConversationOrder,
} from '../../../src/domains/conversation/queries.ts';
import { createMessageQueries, type MessageQueries } from '../../../src/domains/message/queries.ts';
import type { Viewer } from '../../../src/domains/session/model.ts';
import type { Database, PreparableStatement } from '../../../src/platform/postgres/database.ts';
import type { PageWindow } from '../../../src/paging/paged-list.ts';
import {
  aConversation,
  aTenant,
  aUser,
  type TestTenant,
  type TestUser,
  viewerOf,
} from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

/** A node of EXPLAIN's plan after it was run, as far as it is read here. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** So many that reading them all shows, and of each kind so few that they do not fill two pages. */
const hiddenConversations = 30_000;
const ofEachKind = 12;

/** A page of 20, its beginnings of each part, and a look at who takes part in what. */
const rowsMax = 400;

let testApp: TestApp;
let tenant: TestTenant;
let member: TestUser;
let guest: TestUser;
let stranger: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  stranger = await aUser(testApp, tenant);
  member = await aUser(testApp, tenant);
  guest = await aUser(testApp, tenant, { role: 'GUEST' });
  await hide(hiddenConversations / 2, stranger);
  for (let each = 0; each < ofEachKind; each += 1) {
    const title = `Talk ${each % 5}`;
    await aConversation(testApp, tenant, { title, owner: stranger, visibility: 'TENANT' });
    await aConversation(testApp, tenant, { title, owner: member, visibility: 'TENANT' });
    await aConversation(testApp, tenant, { title, owner: member, visibility: 'PRIVATE' });
    await aConversation(testApp, tenant, {
      title,
      owner: member,
      visibility: 'PRIVATE',
      participants: [member, guest],
    });
    await aConversation(testApp, tenant, {
      title,
      owner: stranger,
      visibility: 'PRIVATE',
      participants: [member, guest],
    });
    await aConversation(testApp, tenant, {
      title,
      owner: guest,
      visibility: 'PRIVATE',
      participants: [guest],
    });
  }
  await hide(hiddenConversations / 2, stranger);
  // One message in each, of the same words and by the same author.
  await testApp.database
    .query(sql`insert into messages (tenant_id, conversation_id, id, position, author_id, content, created_at)
      select tenant_id, id, gen_random_uuid(), 1, ${stranger.uuid}::uuid, 'See you in the harbour', updated_at
      from conversations where tenant_id = ${tenant.uuid}::uuid`);
  await testApp.database.query(sql`analyze`);
}, 120_000);
afterAll(() => testApp.close());

/** Private ones of somebody else, older and newer than all others. */
async function hide(count: number, { uuid }: TestUser): Promise<void> {
  await testApp.database
    .query(sql`insert into conversations (tenant_id, id, owner_id, title, visibility, created_at, updated_at)
      select ${tenant.uuid}::uuid, gen_random_uuid(), ${uuid}::uuid, 'Talk ' || n, 'PRIVATE',
        now() + (n - ${count / 2}::integer) * interval '1 day', now() + (n - ${count / 2}::integer) * interval '1 day'
      from generate_series(1, ${count}::integer) n`);
}

const anything: ConversationFilter = {
  ownerId: null,
  visibility: null,
  isArchived: null,
  titleContains: null,
  updatedAfter: null,
  updatedBefore: null,
};
const newestFirst: ConversationOrder = { field: 'UPDATED_AT', direction: 'DESC' };
const firstPage: PageWindow = { size: 20, from: 'start', after: null, before: null, needsPageInfo: true };

describe('a list of conversations reads only what the viewer may see', () => {
  it.each([
    ['by their last change', {}, newestFirst, firstPage],
    ['by their beginning', {}, { field: 'CREATED_AT', direction: 'ASC' }, firstPage],
    ['by title', {}, { field: 'TITLE', direction: 'DESC' }, firstPage],
    ['of private ones', { visibility: 'PRIVATE' }, newestFirst, firstPage],
    ['of shared ones', { visibility: 'TENANT' }, newestFirst, firstPage],
    ['from the end', {}, newestFirst, { ...firstPage, from: 'end' }],
  ] as const)('%s', async (_name, filter, order, window) => {
    for (const viewer of [viewerOf(tenant, member, 'MEMBER'), viewerOf(tenant, guest, 'GUEST')]) {
      const { list, sent } = recorded(viewer, { ...anything, ...filter }, order);
      const [page] = await list.pages([tenant.uuid], window);
      await list.counts([tenant.uuid]);
      const last = page?.rows.at(-1);
      if (last !== undefined) await list.pages([tenant.uuid], { ...window, after: list.positionOf(last) });

      expect(sent.length).toBeGreaterThan(1);
      for (const statement of sent) expect(await rowsReadBy(statement)).toBeLessThan(rowsMax);
    }
  });

  it('of one user', async () => {
    const { list, sent } = recorded(viewerOf(tenant, member, 'MEMBER'), anything, newestFirst, 'ofUsers');
    const [own, others] = await list.pages([member.uuid, guest.uuid], firstPage);
    await list.counts([member.uuid, guest.uuid]);

    expect([own?.rows.length, others?.rows.length]).toEqual([20, 20]);
    for (const statement of sent) expect(await rowsReadBy(statement)).toBeLessThan(2 * rowsMax);
  });
});

describe('a list of messages reads only what the viewer may see', () => {
  it.each([
    [
      'of a word that everybody uses',
      (queries: MessageQueries, viewer: Viewer) => queries.containing(viewer, 'harbour', null, 'full'),
    ],
    ['of an author', (queries: MessageQueries, viewer: Viewer) => queries.byAuthors(viewer, 'full')],
  ])('%s', async (_name, listOf) => {
    for (const viewer of [viewerOf(tenant, member, 'MEMBER'), viewerOf(tenant, guest, 'GUEST')]) {
      const { sent, database } = recording();
      const [page] = await listOf(createMessageQueries(database), viewer).pages([stranger.uuid], firstPage);

      expect(page?.rows.length).toBeGreaterThan(0);
      for (const statement of sent) expect(await rowsReadBy(statement)).toBeLessThan(rowsMax);
    }
  });
});

describe('a list of UNION ALL branches equals the plain list', () => {
  it.each([
    ['member', 5 * ofEachKind],
    ['guest', 3 * ofEachKind],
  ] as const)('for a %s: all of it once, in order, with the same length', async (who, length) => {
    const { token } = who === 'member' ? member : guest;
    for (const direction of ['ASC', 'DESC']) {
      const read = await pagedThrough(`orderBy: { field: TITLE, direction: ${direction} }`, token);
      const keys = read.map(({ title, id }) => `${title} ${id}`);
      const sorted = keys.toSorted();

      expect(keys).toEqual(direction === 'ASC' ? sorted : sorted.toReversed());
      expect(new Set(keys).size).toBe(length);
    }
    const { conversations } = await testApp.data('{ conversations { totalCount } }', { token });
    expect(conversations.totalCount).toBe(length);
  });

  it('from its end: the same rows', async () => {
    const { token } = member;
    const page = '{ nodes { id } pageInfo { startCursor hasNextPage hasPreviousPage } }';
    const all = await testApp.data(`{ conversations(first: 200) ${page} }`, { token });
    const end = await testApp.data(`{ conversations(last: 20) ${page} }`, { token });
    const { startCursor } = end.conversations.pageInfo;
    const before = await testApp.data(`{ conversations(last: 50, before: "${startCursor}") ${page} }`, {
      token,
    });

    expect(end.conversations.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(before.conversations.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect([...before.conversations.nodes, ...end.conversations.nodes]).toEqual(all.conversations.nodes);
  });
});

/** The list as it is read in production, with what it sends. */
function recorded(
  viewer: Viewer,
  filter: ConversationFilter,
  order: ConversationOrder,
  kind: 'ofTenants' | 'ofUsers' = 'ofTenants',
) {
  const { sent, database } = recording();
  return {
    sent,
    list: createConversationQueries(database)[kind](viewer, {
      filter,
      order,
      projection: 'full',
      isWithLastMessage: true,
    }),
  };
}

/** The database, with what is sent to it. */
function recording(): { readonly sent: PreparableStatement[]; readonly database: Database } {
  const sent: PreparableStatement[] = [];
  const { database } = testApp;
  return {
    sent,
    database: {
      ...database,
      query: async (statement) => {
        sent.push(statement);
        return database.query(statement);
      },
    },
  };
}

/** The larger cost of both plans that PostgreSQL chooses from: the custom plan and the generic plan. */
async function rowsReadBy({ text, values }: PreparableStatement): Promise<number> {
  const client = await testApp.database.pool.connect();
  try {
    const counts = [];
    await client.query(`prepare measured as ${text}`);
    for (const mode of ['force_custom_plan', 'force_generic_plan']) {
      await client.query(`set plan_cache_mode = ${mode}`);
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
        `explain (analyze, timing off, format json) execute measured(${values.map(literal).join(', ')})`,
      );
      const plan = rows[0]?.['QUERY PLAN'][0].Plan;
      counts.push(plan === undefined ? Infinity : rowsScannedBy(plan));
    }
    return Math.max(...counts);
  } finally {
    await client.query('deallocate measured; reset plan_cache_mode');
    client.release();
  }
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `'{${value.join(', ')}}'`;
  return typeof value === 'number' ? String(value) : escapeLiteral(String(value));
}

/** What its scans have looked at, kept or not. */
function rowsScannedBy(node: PlanNode): number {
  const own = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
  const below = (node.Plans ?? []).map(rowsScannedBy).reduce((one, other) => one + other, 0);
  return (node['Node Type'].endsWith('Scan') ? own : 0) + below;
}

async function pagedThrough(
  args: string,
  token: string,
): Promise<readonly { readonly id: string; readonly title: string }[]> {
  const nodes = [];
  let after = '';
  for (;;) {
    const { conversations } = await testApp.data(
      `{ conversations(first: 7, ${args} ${after}) { nodes { id title } pageInfo { hasNextPage hasPreviousPage endCursor } } }`,
      { token },
    );
    const { hasNextPage, hasPreviousPage, endCursor } = conversations.pageInfo;
    expect(hasPreviousPage).toBe(nodes.length > 0);
    nodes.push(...conversations.nodes);
    if (!hasNextPage) return nodes;
    after = `, after: "${endCursor}"`;
  }
}
