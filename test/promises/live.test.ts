import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toPublicId } from '../../src/platform/ids.ts';
import { aConversation, aTenant, aUser, type TestConversation, type TestUser } from '../support/builders.ts';
import { ResumingClient } from '../support/resuming-client.ts';
import { killServer, endServer, startServer, type RunningServer } from '../support/server-process.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const clientCount = Number(process.env['LIVE_CLIENTS'] ?? 12);
const writeCount = Number(process.env['LIVE_WRITES'] ?? 600);

let testApp: TestApp;
let writer: TestUser;
let readers: TestUser[];
let conversation: TestConversation;
let origin: string;
let servers: RunningServer[] = [];

beforeAll(async () => {
  testApp = await startTestApp({ LIVE_SOCKETS_PER_USER: '1000' });
  const tenant = await aTenant(testApp);
  writer = await aUser(testApp, tenant);
  readers = [await aUser(testApp, tenant), await aUser(testApp, tenant, { role: 'ADMIN' })];
  conversation = await aConversation(testApp, tenant, { author: writer, messages: ['first'] });
  origin = await testApp.server.listen({ host: '127.0.0.1', port: 0 });
  const environment = {
    DATABASE_URL: testApp.database.url,
    LIVE_DRAIN: '0',
    LIVE_SOCKETS_PER_USER: '1000',
  };
  servers = [await startServer(environment), await startServer(environment)];
}, 60_000);
afterAll(async () => {
  await Promise.all(servers.map((server) => endServer(server)));
  await testApp.close();
});

const contentsInTable = async () => {
  const rows = await testApp.database.query<{ id: string; content: string }>(
    sql`select id, content from messages where conversation_id = ${conversation.uuid}::uuid`,
  );
  return new Map(rows.map(({ id, content }) => [toPublicId('msg', id), content]));
};

const cursor = async () => {
  const data = await testApp.data('query ($id: ID!) { conversation(id: $id) { eventCursor } }', {
    token: writer.token,
    variables: { id: conversation.id },
  });
  return String(data.conversation.eventCursor);
};

const write = (mutation: string, type: string, selection: string, input: object) =>
  testApp.data(`mutation ($input: ${type}!) { ${mutation}(input: $input) { ${selection} } }`, {
    token: writer.token,
    variables: { input },
  });

/** Sends, edits and deletes; `atHalf` is called in the middle. */
async function writeMuch(count: number, atHalf: () => Promise<void>): Promise<void> {
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1) {
    if (number === Math.floor(count / 2)) await atHalf();
    const old = ids[number - 7];
    if (number % 3 === 1 && old !== undefined)
      await write('editMessage', 'EditMessageInput', 'userErrors { message }', {
        messageId: old,
        content: `edited ${number}`,
      });
    else if (number % 10 === 2 && ids.length > 0)
      await write('deleteMessage', 'DeleteMessageInput', 'userErrors { message }', { messageId: ids.pop() });
    else {
      const data = await write('sendMessage', 'SendMessageInput', 'message { id }', {
        conversationId: conversation.id,
        content: `message ${number}`,
      });
      ids.push(data.sendMessage.message.id);
    }
  }
}

describe('every client', () => {
  it('has the messages of the table in the end, also if a server is killed meanwhile', async () => {
    const start = { cursor: await cursor(), contents: await contentsInTable() };
    const all = [{ origin }, ...servers];
    const clients = Array.from(
      { length: clientCount },
      (_, index) =>
        new ResumingClient(start, {
          transport: index % 2 === 0 ? 'websocket' : 'sse',
          origins: () => all.map((server) => server.origin),
          token: readers[index % readers.length]?.token ?? '',
          conversationId: conversation.id,
        }),
    );
    await writeMuch(writeCount, async () => {
      const [killed] = servers.splice(0, 1);
      if (killed === undefined) throw new Error('There is no server to kill.');
      all.splice(1, 1);
      await killServer(killed);
    });
    const expected = await contentsInTable();
    await expect
      .poll(() => clients.filter(({ contents }) => !isSame(contents, expected)).length, {
        timeout: 15_000,
        interval: 50,
      })
      .toBe(0);
    for (const client of clients) client.stop();

    expect(clients.flatMap(({ repeated }) => repeated)).toEqual([]);
    expect(clients.some(({ connections }) => connections > 1)).toBe(true);
  }, 60_000);
});

function isSame(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
