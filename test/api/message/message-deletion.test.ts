import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aConversation, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let people: Readonly<Record<'author' | 'member' | 'admin' | 'guest' | 'stranger', TestUser>>;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  people = {
    author: await aUser(testApp, tenant),
    member: await aUser(testApp, tenant),
    admin: await aUser(testApp, tenant, { role: 'ADMIN' }),
    guest: await aUser(testApp, tenant, { role: 'GUEST' }),
    stranger: await aUser(testApp, await aTenant(testApp), { role: 'OWNER' }),
  };
});
afterAll(() => testApp.close());

const remove = async (messageId: string, { token }: TestUser) => {
  const data = await testApp.data(
    `mutation ($input: DeleteMessageInput!) { deleteMessage(input: $input) { deletedMessageId userErrors { code path } } }`,
    { token, variables: { input: { messageId } } },
  );
  return data.deleteMessage;
};
const said = async (...messages: string[]) => {
  const conversation = await aConversation(testApp, tenant, { author: people.author, messages });
  const [first = '', second = '', third = ''] = conversation.messageIds;
  return { ...conversation, first, second, third };
};
const archive = (uuid: string) =>
  testApp.database.query(sql`update conversations set archived_at = now() where id = ${uuid}::uuid`);
const refusedWith = (code: string, path: readonly string[]) => [{ code, path }];

describe('deleteMessage', () => {
  const stateOf = async (uuid: string) => {
    const [row] = await testApp.database.query(sql`select message_count as count, last_position as position,
      last_message_at as "lastAt", updated_at as "updatedAt" from conversations where id = ${uuid}::uuid`);
    return row;
  };

  it.each(['author', 'admin'] as const)('deletes a message for its author and admins: %s', async (who) => {
    const conversation = await said('one', 'two', 'three');
    await testApp.database
      .query(sql`update messages set created_at = created_at + position * interval '1 second'
      where conversation_id = ${conversation.uuid}::uuid`);
    const sentAt = testApp.clock.now();
    testApp.clock.advance(60_000);

    expect(await remove(conversation.third, people[who])).toEqual({
      deletedMessageId: conversation.third,
      userErrors: [],
    });
    expect(await stateOf(conversation.uuid)).toEqual({
      count: 2,
      position: 3,
      lastAt: new Date(sentAt + 2000),
      updatedAt: new Date(testApp.clock.now()),
    });
    const data = await testApp.data(
      `{ conversation(id: "${conversation.id}") { messageCount lastMessage { id } } node(id: "${conversation.third}") { id } }`,
      { token: people.member.token },
    );
    expect(data).toEqual({
      conversation: { messageCount: 2, lastMessage: { id: conversation.second } },
      node: null,
    });
  });

  it('leaves an empty conversation without a last message', async () => {
    const { uuid, first } = await said('only');
    await remove(first, people.author);

    expect(await stateOf(uuid)).toMatchObject({ count: 0, position: 1, lastAt: null });
  });

  it('keeps cursors valid, and never reuses a position', async () => {
    const { id, third } = await said('one', 'two', 'three');
    const page = async (args: string) => {
      const data = await testApp.data(
        `{ conversation(id: "${id}") { messages(${args}) { edges { cursor node { content } } } } }`,
        { token: people.member.token },
      );
      return data.conversation.messages.edges;
    };
    const [, , last] = await page('first: 3');
    await remove(third, people.author);
    const before = await page(`last: 5, before: "${last.cursor}"`);
    await testApp.data(
      `mutation { sendMessage(input: { conversationId: "${id}", content: "four" }) { message { id } } }`,
      { token: people.author.token },
    );
    const after = await page(`first: 5, after: "${last.cursor}"`);
    const contents = (edges: readonly { node: { content: string } }[]) =>
      edges.map((edge) => edge.node.content);

    expect(contents(before)).toEqual(['one', 'two']);
    expect(contents(after)).toEqual(['four']);
  });

  it('counts once for 20 concurrent deletions, while others send', async () => {
    const { id, uuid, first } = await said('one', 'two');
    // Shows the wrong time if an older message is taken for the last one.
    testApp.clock.advance(1000);
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: 20 }, () => remove(first, people.author))),
      Promise.all(
        Array.from({ length: 20 }, () =>
          testApp.data(
            `mutation { sendMessage(input: { conversationId: "${id}", content: "x" }) { message { id } } }`,
            {
              token: people.member.token,
            },
          ),
        ),
      ),
    ]);
    const [row] = await testApp.database.query<{
      count: number;
      last: Date;
    }>(sql`select count(*) as count, max(created_at) as last
      from messages where conversation_id = ${uuid}::uuid`);

    expect(answers.filter((answer) => answer.deletedMessageId === first)).toHaveLength(1);
    expect(answers.flatMap((answer) => answer.userErrors)).toHaveLength(19);
    expect(await stateOf(uuid)).toMatchObject({ count: 21, position: 22, lastAt: row?.last });
    expect(row?.count).toBe(21);
  });

  it('counts messages that were sent while it waited for the lock', async () => {
    const { uuid, first } = await said('one');
    const later = new Date(testApp.clock.now() + 1000);
    const deleted = await whileLocked(uuid, later, () => remove(first, people.author));

    expect(deleted.userErrors).toEqual([]);
    expect(await stateOf(uuid)).toMatchObject({ count: 1, lastAt: later });
  });

  it('works in an archived conversation', async () => {
    const { uuid, first } = await said('regretted');
    await archive(uuid);

    expect((await remove(first, people.author)).userErrors).toEqual([]);
  });

  it('is audited for admins, and for rejected callers', async () => {
    await testApp.database.query(sql`delete from audit_log`);
    const { first, second } = await said('secret words', 'mine');
    await remove(first, people.member);
    await remove(first, people.admin);
    await remove(second, people.author);
    const entries = await testApp.database.query(
      sql`select actor_id as actor, action, target, result, details from audit_log order by id`,
    );

    expect(entries).toEqual([
      { actor: people.member.uuid, action: 'deleteMessage', target: first, result: 'FORBIDDEN', details: {} },
      { actor: people.admin.uuid, action: 'deleteMessage', target: first, result: 'OK', details: {} },
    ]);
  });

  it('gives one answer for an invisible and a missing message', async () => {
    const secret = await aConversation(testApp, tenant, {
      author: people.author,
      visibility: 'PRIVATE',
      messages: ['psst'],
    });
    const [hidden = ''] = secret.messageIds;
    const attempts = [
      ...[people.stranger, people.member, people.guest, people.author].map((who) => [hidden, who] as const),
      [`msg_${'0'.repeat(32)}`, people.author] as const,
      ['nonsense', people.author] as const,
    ];

    for (const [id, who] of attempts) {
      expect((await remove(id, who)).userErrors).toEqual(refusedWith('NOT_FOUND', ['input', 'messageId']));
    }
  });
});

/** Says something in a transaction of its own, which ends when the work waits for it. */
async function whileLocked<Result>(uuid: string, now: Date, work: () => Promise<Result>): Promise<Result> {
  const client = await testApp.database.pool.connect();
  await client.query('begin');
  await client.query(sql`update conversations set message_count = message_count + 1, last_position = last_position + 1,
    last_message_at = ${now} where id = ${uuid}::uuid`);
  await client.query(sql`insert into messages (tenant_id, conversation_id, id, position, content, created_at)
    values (${tenant.uuid}::uuid, ${uuid}::uuid, gen_random_uuid(), 2, 'meanwhile', ${now})`);
  const result = work();
  await vi.waitFor(async () => {
    const { rows } = await client.query(`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`);
    expect(rows).toHaveLength(1);
  });
  await client.query('commit');
  client.release();
  return result;
}
