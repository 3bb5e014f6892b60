import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let owner: TestUser;
let admin: TestUser;
let member: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  owner = await aUser(testApp, tenant);
  admin = await aUser(testApp, tenant, { role: 'ADMIN' });
  member = await aUser(testApp, tenant);
});
afterAll(() => testApp.close());

const rowsOf = async (uuid: string) => {
  const [row] = await testApp.database.query(sql`select
    (select count(*) from conversations where id = ${uuid}::uuid) as conversations,
    (select count(*) from messages where conversation_id = ${uuid}::uuid) as messages,
    (select count(*) from participants where conversation_id = ${uuid}::uuid) as participants`);
  return row;
};
const none = { conversations: 0, messages: 0, participants: 0 };

const remove = async (conversationId: string, { token }: TestUser) => {
  const data = await testApp.data(
    `mutation ($input: DeleteConversationInput!) { deleteConversation(input: $input) {
      deletedConversationId userErrors { code path } } }`,
    { token, variables: { input: { conversationId } } },
  );
  return data.deleteConversation;
};

describe('updateConversation', () => {
  const update = async (conversationId: string, rest: Readonly<Record<string, unknown>>) => {
    const data = await testApp.data(
      `mutation ($input: UpdateConversationInput!) { updateConversation(input: $input) {
        conversation { title visibility isArchived updatedAt } userErrors { code } } }`,
      { token: owner.token, variables: { input: { conversationId, ...rest } } },
    );
    return data.updateConversation.conversation;
  };

  it.each([
    ['nothing', {}],
    ['what is so already', { title: 'The title', visibility: 'TENANT', modelId: null, isArchived: false }],
  ])('leaves the time of the last change when it is asked for %s', async (_name, rest) => {
    const { id } = await aConversation(testApp, tenant, { owner, title: 'The title' });
    const before = await update(id, {});
    testApp.clock.advance(1000);

    expect(await update(id, rest)).toEqual(before);
  });

  it.each([
    ['a title', { title: 'Another' }],
    ['a visibility', { visibility: 'PRIVATE' }],
    ['being archived', { isArchived: true }],
    ['one thing of several', { title: 'The title', visibility: 'PRIVATE' }],
  ])('moves the time of the last change with %s', async (_name, rest) => {
    const { id } = await aConversation(testApp, tenant, { owner, title: 'The title' });
    testApp.clock.advance(1000);
    const now = new Date(testApp.clock.now()).toISOString();

    expect(await update(id, rest)).toMatchObject({ ...rest, updatedAt: now });
    testApp.clock.advance(1000);
    expect(await update(id, rest)).toMatchObject({ updatedAt: now });
  });
});

describe('deleteConversation', () => {
  it.each([
    ['owner', () => owner],
    ['admin', () => admin],
  ] as const)('removes everything of it for its %s', async (_name, who) => {
    const conversation = await aConversation(testApp, tenant, {
      owner,
      participants: [owner, member],
      messages: ['one', 'two'],
    });
    const { id, uuid } = conversation;

    expect(await remove(id, who())).toEqual({ deletedConversationId: id, userErrors: [] });
    expect(await rowsOf(uuid)).toEqual(none);
    expect((await remove(id, who())).userErrors).toEqual([
      { code: 'NOT_FOUND', path: ['input', 'conversationId'] },
    ]);
  });

  it('is allowed for the owner and admins only, also where others read and write', async () => {
    const { id, uuid } = await aConversation(testApp, tenant, { owner, participants: [member] });

    expect(await remove(id, member)).toEqual({
      deletedConversationId: null,
      userErrors: [{ code: 'FORBIDDEN', path: ['input', 'conversationId'] }],
    });
    expect(await rowsOf(uuid)).toMatchObject({ conversations: 1 });
  });

  it('deletes an archived conversation, once for 20 concurrent requests', async () => {
    const { id, uuid } = await aConversation(testApp, tenant, { owner, messages: ['one'] });
    await testApp.database.query(sql`update conversations set archived_at = now() where id = ${uuid}::uuid`);
    const answers = await Promise.all(Array.from({ length: 20 }, () => remove(id, owner)));

    expect(answers.filter((answer) => answer.deletedConversationId === id)).toHaveLength(1);
    expect(answers.flatMap((answer) => answer.userErrors)).toHaveLength(19);
  });

  it('leaves no messages of concurrent writers, who get NOT_FOUND', async () => {
    const { id, uuid } = await aConversation(testApp, tenant, { owner, messages: ['one'] });
    const send = async (content: string) => {
      const data = await testApp.data(
        `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { userErrors { code path } } }`,
        { token: member.token, variables: { input: { conversationId: id, content } } },
      );
      return data.sendMessage.userErrors;
    };
    const sending = Array.from({ length: 20 }, (_, index) => send(`message ${index}`));
    const [, ...errors] = await Promise.all([remove(id, owner), ...sending]);

    expect(await rowsOf(uuid)).toEqual(none);
    for (const error of errors.flat()) {
      expect(error).toEqual({ code: 'NOT_FOUND', path: ['input', 'conversationId'] });
    }
  });

  it('deletes 50,000 messages, at most 20,000 per statement', async () => {
    const { id, uuid } = await aConversation(testApp, tenant, { owner });
    for (let start = 0; start < 50_000; start += 10_000) {
      await testApp.database
        .query(sql`insert into messages (tenant_id, conversation_id, id, position, content)
        select ${tenant.uuid}::uuid, ${uuid}::uuid, gen_random_uuid(), n, 'word ' || n
        from generate_series(${start}::integer + 1, ${start}::integer + 10000) n`);
    }
    await testApp.database.query(
      sql`update conversations set message_count = 50000, last_position = 50000 where id = ${uuid}::uuid`,
    );
    const deletions: string[] = [];
    const stop = testApp.database.observe(({ text }) => {
      if (text.includes('delete from')) deletions.push(text);
    });
    const answer = await remove(id, owner).finally(stop);

    expect(answer.userErrors).toEqual([]);
    expect(deletions).toHaveLength(3);
    expect(await rowsOf(uuid)).toEqual(none);
  }, 60_000);

  it('is audited for admins, and for rejected callers', async () => {
    const { id } = await aConversation(testApp, tenant, { owner, messages: ['one'] });
    const own = await aConversation(testApp, tenant, { owner });
    await testApp.database.query(sql`delete from audit_log`);
    await remove(id, member);
    await remove(id, admin);
    await remove(own.id, owner);
    const entries = await testApp.database.query(
      sql`select actor_id as actor, action, target, result, details from audit_log order by id`,
    );

    expect(entries).toEqual([
      { actor: member.uuid, action: 'deleteConversation', target: id, result: 'FORBIDDEN', details: {} },
      {
        actor: admin.uuid,
        action: 'deleteConversation',
        target: id,
        result: 'OK',
        details: { messageCount: 1 },
      },
    ]);
  });
});
