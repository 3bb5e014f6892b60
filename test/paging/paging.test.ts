import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromPublicId } from '../../src/platform/ids.ts';
import {
  aConversation,
  aTenant,
  aUser,
  type TestConversation,
  type TestTenant,
  type TestUser,
} from '../support/builders.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
}

const pageFields = `edges { cursor node { id } } nodes { id } totalCount
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;

describe('a conversation whose messages all have the same time', () => {
  const count = 123;
  let testApp: TestApp;
  let tenant: TestTenant;
  let viewer: TestUser;
  let conversation: TestConversation;

  beforeAll(async () => {
    testApp = await startTestApp();
    tenant = await aTenant(testApp);
    viewer = await aUser(testApp, tenant);
    const messages = Array.from({ length: count }, (_, index) => `message ${index}`);
    conversation = await aConversation(testApp, tenant, { author: viewer, messages });
  });
  afterAll(() => testApp.close());

  async function page(args: string, id = conversation.id): Promise<Page> {
    const query = `{ conversation(id: "${id}") { messages${args === '' ? '' : `(${args})`} { ${pageFields} } } }`;
    return (await testApp.data(query, { token: viewer.token })).conversation.messages;
  }

  /** Follows the cursors to the end; calls back between the pages. */
  async function walk(
    direction: 'forward' | 'backward',
    size: number,
    options: { readonly of?: TestConversation; readonly between?: (page: Page) => Promise<void> } = {},
  ) {
    const pages: Page[] = [];
    for (let cursor = ''; ;) {
      const args = direction === 'forward' ? `first: ${size}${cursor}` : `last: ${size}${cursor}`;
      const current = await page(args, options.of?.id);
      pages.push(current);
      await options.between?.(current);
      const { hasNextPage, hasPreviousPage, startCursor, endCursor } = current.pageInfo;
      if (!(direction === 'forward' ? hasNextPage : hasPreviousPage)) break;
      cursor = direction === 'forward' ? `, after: "${endCursor}"` : `, before: "${startCursor}"`;
    }
    const inOrder = direction === 'forward' ? pages : pages.toReversed();
    return { pages, ids: inOrder.flatMap((each) => each.nodes.map((node) => node.id)) };
  }

  describe.each([1, 7, 50] as const)('by pages of %i', (size) => {
    it.each(['forward', 'backward'] as const)(
      'returns every message once, in order: %s',
      async (direction) => {
        const { ids, pages } = await walk(direction, size);

        expect(ids).toEqual(conversation.messageIds);
        expect(pages).toHaveLength(Math.ceil(count / size));
        expect(pages.every((each) => each.totalCount === count)).toBe(true);
      },
    );

    it.each(['forward', 'backward'] as const)(
      'reports exactly whether more rows exist on each side: %s',
      async (direction) => {
        const { pages } = await walk(direction, size);
        const inOrder = direction === 'forward' ? pages : pages.toReversed();

        expect(inOrder.map((each) => each.pageInfo.hasPreviousPage)).toEqual(
          inOrder.map((_, index) => index > 0),
        );
        expect(inOrder.map((each) => each.pageInfo.hasNextPage)).toEqual(
          inOrder.map((_, index) => index < inOrder.length - 1),
        );
      },
    );
  });

  it('returns the newest 50, oldest first, without a size', async () => {
    const { nodes, pageInfo } = await page('');

    expect(nodes.map((node) => node.id)).toEqual(conversation.messageIds.slice(-50));
    expect(pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('returns an empty page with exact flags for first: 0', async () => {
    const { edges, pageInfo } = await page('first: 0');

    expect(edges).toEqual([]);
    expect(pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: null,
      endCursor: null,
    });
  });

  it('returns the rows between two cursors', async () => {
    const { edges } = await page('first: 20');
    const [from, to] = [edges[4]?.cursor, edges[9]?.cursor];
    const between = await page(`first: 10, after: "${from}", before: "${to}"`);

    expect(between.nodes.map((node) => node.id)).toEqual(conversation.messageIds.slice(5, 9));
    expect(between.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });

    const backward = await page(`last: 10, after: "${from}", before: "${to}"`);
    expect(backward).toEqual(between);
  });

  it('reports rows beyond the cursors with none between them', async () => {
    const { edges } = await page('first: 20');
    const [from, to] = [edges[4]?.cursor, edges[5]?.cursor];
    const forward = await page(`first: 5, after: "${from}", before: "${to}"`);
    const backward = await page(`last: 5, after: "${from}", before: "${to}"`);

    expect([forward.nodes, backward.nodes]).toEqual([[], []]);
    expect(forward.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    expect(backward.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  });

  it('reports no rows before the first, also with a cursor', async () => {
    const [first] = (await page('first: 1')).edges;
    const before = await page(`last: 5, before: "${first?.cursor}"`);

    expect(before.nodes).toEqual([]);
    expect(before.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
  });

  it.each(['forward', 'backward'] as const)(
    'misses and repeats no row while messages arrive: %s',
    async (direction) => {
      const sent: string[] = [];
      const busy = await aConversation(testApp, tenant, {
        author: viewer,
        messages: Array.from({ length: 30 }, (_, index) => `message ${index}`),
      });
      const between = async () => {
        if (sent.length >= 5) return;
        const data = await testApp.data(
          `mutation ($id: ID!) { sendMessage(input: { conversationId: $id, content: "one more" }) { message { id } } }`,
          { token: viewer.token, variables: { id: busy.id } },
        );
        sent.push(data.sendMessage.message.id);
      };
      const { ids } = await walk(direction, 4, { of: busy, between });

      expect(sent).toHaveLength(5);
      // Who reads towards the past does not meet what is said meanwhile; who reads towards the future does.
      expect(ids).toEqual(direction === 'forward' ? [...busy.messageIds, ...sent] : busy.messageIds);
    },
  );

  it.each(['forward', 'backward'] as const)(
    "continues at its position after the cursor's row was deleted: %s",
    async (direction) => {
      const short = await aConversation(testApp, tenant, {
        author: viewer,
        messages: Array.from({ length: 30 }, (_, index) => `message ${index}`),
      });
      const between = async (current: Page) => {
        const atCursor = direction === 'forward' ? current.nodes.at(-1) : current.nodes[0];
        const uuid = fromPublicId('msg', atCursor?.id ?? '');
        await testApp.database.query(sql`delete from messages where id = ${uuid}::uuid`);
      };
      const { ids } = await walk(direction, 4, { of: short, between });

      expect(ids).toEqual(short.messageIds);
    },
  );
});
