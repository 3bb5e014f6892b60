import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aConversation,
  anApiKey,
  aTenant,
  aUser,
  type TestTenant,
  type TestUser,
} from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

type Role = 'OWNER' | 'ADMIN' | 'MEMBER' | 'GUEST';

const conversationFields = 'viewerCanSend viewerCanChange viewerCanInvite';
const messageFields = 'viewerCanEdit viewerCanDelete';

let testApp: TestApp;
let tenant: TestTenant;
const people: { [Name in Role]?: TestUser } = {};
let author: TestUser;
/** By name, with a message of the author. */
const conversations: Record<string, { readonly id: string; readonly messageIds: readonly string[] }> = {};

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  for (const role of ['OWNER', 'ADMIN', 'MEMBER', 'GUEST'] as const) {
    people[role] = await aUser(testApp, tenant, { role });
  }
  author = await aUser(testApp, tenant);
  const participants = [author, ...Object.values(people)];
  for (const visibility of ['PRIVATE', 'TENANT'] as const) {
    for (const isJoined of [true, false]) {
      await make({ visibility, isJoined, isArchived: true }, participants);
      await make({ visibility, isJoined, isArchived: false }, participants);
    }
  }
});
afterAll(() => testApp.close());

interface Kind {
  readonly visibility: 'PRIVATE' | 'TENANT';
  readonly isJoined: boolean;
  readonly isArchived: boolean;
}

async function make({ visibility, isJoined, isArchived }: Kind, everyone: TestUser[]): Promise<void> {
  const participants = isJoined ? everyone : [author];
  const options = { owner: author, author, participants, visibility, messages: ['hello'] };
  const made = await aConversation(testApp, tenant, options);
  conversations[`${visibility} ${isJoined ? 'joined' : 'foreign'} ${isArchived ? 'archived' : 'open'}`] =
    made;
  if (isArchived) await archive(made.id);
}

function archive(id: string): Promise<unknown> {
  return testApp.data(
    `mutation { updateConversation(input: { conversationId: "${id}", isArchived: true }) { userErrors { code } } }`,
    { token: author.token },
  );
}

/** The rejections of a mutation, without those that come from its own values. */
async function isAllowed(mutation: string, token: string): Promise<boolean> {
  const data = await testApp.data(`mutation { result: ${mutation} }`, { token });
  return data.result.userErrors.length === 0;
}

describe('viewerCan…', () => {
  it.each(['OWNER', 'ADMIN', 'MEMBER', 'GUEST', 'author'] as const)(
    'says what the mutations allow: %s',
    async (who) => {
      const viewer = who === 'author' ? author : people[who];
      const token = viewer?.token ?? '';
      let compared = 0;
      for (const [name, { id, messageIds }] of Object.entries(conversations)) {
        const data = await testApp.data(
          `{ conversation(id: "${id}") { ${conversationFields} messages { nodes { ${messageFields} } } } }`,
          { token },
        );
        if (data.conversation === null) continue;
        const { messages, ...rights } = data.conversation;
        const message = messageIds[0] ?? '';
        compared += 1;

        expect([name, messages.nodes[0].viewerCanEdit]).toEqual([
          name,
          await isAllowed(
            `editMessage(input: { messageId: "${message}", content: "hello" }) { userErrors { code } }`,
            token,
          ),
        ]);
        expect([name, messages.nodes[0].viewerCanDelete]).toEqual([
          name,
          who === 'author' || /OWNER|ADMIN/.test(who),
        ]);
        expect([name, rights]).toEqual([
          name,
          {
            viewerCanSend: await isAllowed(
              `sendMessage(input: { conversationId: "${id}", content: "x" }) { userErrors { code } }`,
              token,
            ),
            viewerCanChange: await isAllowed(
              `updateConversation(input: { conversationId: "${id}" }) { userErrors { code } }`,
              token,
            ),
            viewerCanInvite: await isAllowed(
              `addParticipant(input: { conversationId: "${id}", userId: "${author.id}" }) { userErrors { code } }`,
              token,
            ),
          },
        ]);
      }

      expect(compared).toBeGreaterThan(3);
    },
  );

  it('is false for a key without the scope write', async () => {
    const key = await anApiKey(testApp, tenant, author, { scopes: ['read'] });
    const { id } = conversations['TENANT joined open'] ?? { id: '' };
    const data = await testApp.data(
      `{ conversation(id: "${id}") { ${conversationFields} lastMessage { ${messageFields} } } }`,
      { token: key.secret },
    );

    expect(data.conversation).toEqual({
      viewerCanSend: false,
      viewerCanChange: false,
      viewerCanInvite: false,
      lastMessage: { viewerCanEdit: false, viewerCanDelete: false },
    });
  });

  it.each(['OWNER', 'MEMBER', 'GUEST'] as const)('costs no statement: %s', async (role) => {
    const token = people[role]?.token ?? '';
    const { id } = conversations['TENANT joined open'] ?? { id: '' };
    const query = (conversation: string, message: string) => `{
      conversation(id: "${id}") { id ${conversation} messages { nodes { id ${message} } } }
      conversations { nodes { id ${conversation} lastMessage { id ${message} } messages(last: 2) { nodes { id ${message} } } } } }`;
    await testApp.data('{ viewer { id } }', { token });

    await testApp.expectStatements(4, () => testApp.data(query('', ''), { token }));
    await testApp.expectStatements(4, () =>
      testApp.data(query(conversationFields, messageFields), { token }),
    );
  });

  it('knows of an archived conversation at its last message', async () => {
    const data = await testApp.data(
      '{ conversations { nodes { isArchived lastMessage { viewerCanEdit author { id } } } } }',
      {
        token: author.token,
      },
    );
    const seen = data.conversations.nodes.map(
      (node: { isArchived: boolean; lastMessage: { viewerCanEdit: boolean; author: { id: string } } }) => [
        node.isArchived && node.lastMessage.viewerCanEdit,
        node.isArchived || node.lastMessage.author.id !== author.id || node.lastMessage.viewerCanEdit,
      ],
    );

    expect(new Set(seen.map(String))).toEqual(new Set(['false,true']));
  });
});

describe('the membership and the rights of the viewer', () => {
  it('come with the tenant and the user', async () => {
    const query = (selection: string) => `{ tenant { slug ${selection} } viewer { isPlatformAdmin } }`;
    const token = people.ADMIN?.token ?? '';
    await testApp.data(query(''), { token });
    await testApp.expectStatements(1, () => testApp.data(query(''), { token }));
    const data = await testApp.expectStatements(1, () =>
      testApp.data(query('viewerMembership { id role isActive permissions }'), { token }),
    );

    expect(data).toEqual({
      tenant: {
        slug: tenant.slug,
        viewerMembership: {
          id: expect.stringMatching(/^membership_/),
          role: 'ADMIN',
          isActive: true,
          permissions: [],
        },
      },
      viewer: { isPlatformAdmin: false },
    });
  });
});
