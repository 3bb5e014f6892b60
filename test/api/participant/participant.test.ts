import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let people: Readonly<Record<'owner' | 'admin' | 'member' | 'guest' | 'stranger', TestUser>>;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  people = {
    owner: await aUser(testApp, tenant),
    admin: await aUser(testApp, tenant, { role: 'ADMIN' }),
    member: await aUser(testApp, tenant),
    guest: await aUser(testApp, tenant, { role: 'GUEST' }),
    stranger: await aUser(testApp, await aTenant(testApp), { role: 'OWNER' }),
  };
});
afterAll(() => testApp.close());

const change = async (
  mutation: 'addParticipant' | 'removeParticipant',
  conversationId: string,
  userId: string,
  { token }: TestUser,
) => {
  const data = await testApp.data(
    `mutation ($input: ${mutation === 'addParticipant' ? 'Add' : 'Remove'}ParticipantInput!) { ${mutation}(input: $input) {
      conversation { participants { nodes { id } } } userErrors { code path } } }`,
    { token, variables: { input: { conversationId, userId } } },
  );
  const { conversation, userErrors } = data[mutation];
  const ids = conversation?.participants.nodes.map((node: { id: string }) => node.id) ?? null;
  return { participants: ids, userErrors };
};
const add = (conversationId: string, userId: string, by: TestUser) =>
  change('addParticipant', conversationId, userId, by);
const remove = (conversationId: string, userId: string, by: TestUser) =>
  change('removeParticipant', conversationId, userId, by);
const aSecret = (participants: readonly TestUser[] = []) =>
  aConversation(testApp, tenant, {
    owner: people.owner,
    participants,
    visibility: 'PRIVATE',
    messages: ['psst'],
  });
const refusedWith = (code: string, field: string) => ({
  participants: null,
  userErrors: [{ code, path: ['input', field] }],
});

describe('addParticipant', () => {
  it.each(['owner', 'admin'] as const)(
    'lets a guest read and write after an invitation by the %s',
    async (by) => {
      const { id } = await aSecret();
      const query = `{ conversation(id: "${id}") { messages { nodes { content } } } }`;
      expect((await testApp.data(query, { token: people.guest.token })).conversation).toBeNull();

      expect(await add(id, people.guest.id, people[by])).toEqual({
        participants: [people.guest.id],
        userErrors: [],
      });
      const data = await testApp.data(query, { token: people.guest.token });
      expect(data.conversation.messages.nodes).toEqual([{ content: 'psst' }]);
    },
  );

  it('changes nothing for a participant, in 20 concurrent requests', async () => {
    const conversation = await aSecret([people.guest]);
    const read = new Date('2026-11-01T00:00:00.000Z');
    await testApp.database.query(
      sql`update participants set last_read_at = ${read}, joined_at = ${read} where conversation_id = ${conversation.uuid}::uuid`,
    );
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => add(conversation.id, people.guest.id, people.owner)),
    );

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(
      await testApp.database.query(sql`select last_read_at as read, joined_at as joined from participants
        where conversation_id = ${conversation.uuid}::uuid`),
    ).toEqual([{ read, joined: read }]);
  });

  it('adds one participant for 20 concurrent requests', async () => {
    const { id } = await aSecret();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => add(id, people.member.id, people.owner)),
    );

    expect(answers).toEqual(
      Array.from({ length: 20 }, () => ({ participants: [people.member.id], userErrors: [] })),
    );
  });

  it('is allowed for the owner and admins only', async () => {
    const { id } = await aSecret([people.member, people.guest]);

    expect(await add(id, people.guest.id, people.member)).toEqual(refusedWith('FORBIDDEN', 'conversationId'));
    expect(await add(id, people.guest.id, people.guest)).toEqual(refusedWith('FORBIDDEN', 'conversationId'));
  });

  it('accepts active members only, with one answer for all others', async () => {
    const { id } = await aSecret();
    const suspended = await aUser(testApp, tenant);
    await testApp.database.query(
      sql`update memberships set is_active = false where user_id = ${suspended.uuid}::uuid`,
    );
    for (const userId of [suspended.id, people.stranger.id, `user_${'0'.repeat(32)}`, 'nonsense']) {
      expect(await add(id, userId, people.owner)).toEqual(refusedWith('NOT_FOUND', 'userId'));
    }
  });

  it('costs 2 statements: the check and the write', async () => {
    const { id } = await aSecret();
    const query = `mutation { addParticipant(input: { conversationId: "${id}", userId: "${people.guest.id}" }) {
      userErrors { code } } }`;

    // The third is the conversation of the payload.
    await testApp.expectStatements(3, () => testApp.data(query, { token: people.owner.token }));
  });
});

describe('removeParticipant', () => {
  it.each(['owner', 'admin'] as const)(
    'hides the conversation from a participant removed by the %s',
    async (by) => {
      const { id } = await aSecret([people.guest, people.member]);

      expect(await remove(id, people.guest.id, people[by])).toEqual({
        participants: [people.member.id],
        userErrors: [],
      });
      const data = await testApp.data(`{ conversation(id: "${id}") { id } }`, { token: people.guest.token });
      expect(data.conversation).toBeNull();
    },
  );

  it.each(['member', 'guest'] as const)('lets a %s leave, who then no longer sees it', async (who) => {
    const { id } = await aSecret([people.guest, people.member]);

    expect(await remove(id, people[who].id, people[who])).toEqual({ participants: null, userErrors: [] });
    expect(await remove(id, people[who].id, people[who])).toEqual(refusedWith('NOT_FOUND', 'conversationId'));
  });

  it('changes nothing for a non-participant, in 20 concurrent requests', async () => {
    const { id } = await aSecret([people.member]);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => remove(id, people.guest.id, people.owner)),
    );

    expect(answers).toEqual(
      Array.from({ length: 20 }, () => ({ participants: [people.member.id], userErrors: [] })),
    );
  });

  it('lets only the owner and admins remove others, and no one the owner', async () => {
    const { id } = await aSecret([people.owner, people.member, people.guest]);

    expect(await remove(id, people.guest.id, people.member)).toEqual(
      refusedWith('FORBIDDEN', 'conversationId'),
    );
    expect(await remove(id, people.owner.id, people.admin)).toEqual(refusedWith('CONFLICT', 'userId'));
    expect(await remove(id, people.owner.id, people.owner)).toEqual(refusedWith('CONFLICT', 'userId'));
  });

  it('gives one answer for users of another tenant and missing users', async () => {
    const { id } = await aSecret();
    for (const userId of [people.stranger.id, `user_${'0'.repeat(32)}`, 'nonsense']) {
      expect(await remove(id, userId, people.owner)).toEqual(refusedWith('NOT_FOUND', 'userId'));
    }
  });
});

describe.each(['addParticipant', 'removeParticipant'] as const)('%s', (mutation) => {
  it('works in an archived conversation', async () => {
    const conversation = await aSecret();
    await testApp.database.query(
      sql`update conversations set archived_at = now() where id = ${conversation.uuid}::uuid`,
    );

    expect((await change(mutation, conversation.id, people.guest.id, people.owner)).userErrors).toEqual([]);
  });

  it('gives one answer for a foreign and a missing conversation', async () => {
    const { id } = await aSecret();
    for (const conversationId of [id, `conv_${'0'.repeat(32)}`, 'nonsense']) {
      expect(await change(mutation, conversationId, people.stranger.id, people.stranger)).toEqual(
        refusedWith('NOT_FOUND', 'conversationId'),
      );
    }
    expect(await change(mutation, id, people.guest.id, people.member)).toEqual(
      refusedWith('NOT_FOUND', 'conversationId'),
    );
  });
});
