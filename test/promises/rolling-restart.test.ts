import { once } from 'node:events';
import { Agent } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { populate, type Inhabitant } from '../support/population.ts';
import { createTestDatabase, execute, type TestDatabase } from '../support/postgres.ts';
import { send, sendOperation } from '../support/send.ts';
import { killServer, startServer, type RunningServer } from '../support/server-process.ts';

let database: TestDatabase;
let people: readonly Inhabitant[];
const agent = new Agent({ keepAlive: true });
/** Those that a load balancer knows of; the ones that want requests are asked in turn. */
const places: { server: RunningServer; isReady: boolean }[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  people = await populate(database.url, { people: 8, tenants: 2, messagesEach: 1 });
  for (let count = 0; count < 2; count += 1) places.push({ server: await startOne(), isReady: true });
});
afterEach(async () => {
  agent.destroy();
  await Promise.all(places.map(({ server }) => killServer(server)));
  await database.drop();
});

const startOne = () => startServer({ DATABASE_URL: database.url, NODE_ENV: 'production' });

/** As a load balancer does, several times a second. */
async function probeWhile(isRunning: () => boolean): Promise<void> {
  while (isRunning()) {
    await Promise.all(
      places.map(async (place) => {
        const { server } = place;
        const answer = await send(agent, `${server.origin}/readyz`, { method: 'GET', headers: {} }).catch(
          () => null,
        );
        // Meanwhile another one may have come to this place, of which the answer says nothing.
        if (place.server === server) place.isReady = answer?.status === 200;
      }),
    );
    await wait(100);
  }
}

const sendMessage = `mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { message { conversation { messageCount } } userErrors { code } } }`;

/** What went wrong for somebody who writes one message after another, once each. */
async function writeWhile(isRunning: () => boolean, person: Inhabitant, sent: string[]): Promise<string[]> {
  const failures: string[] = [];
  for (let turn = 0; isRunning(); turn += 1) {
    const ready = places.filter(({ isReady }) => isReady);
    const place = ready[turn % ready.length];
    const content = `${person.userId} ${turn}`;
    const variables = { input: { conversationId: person.conversationId, content } };
    const answer =
      place === undefined
        ? 'nobody is ready'
        : await sendOperation(agent, place.server.origin, {
            token: person.token,
            query: sendMessage,
            variables,
          }).then(({ text }) => text, String);
    sent.push(content);
    if (!answer.includes('"userErrors":[]')) failures.push(answer);
  }
  return failures;
}

describe('a restart of one process after another', { timeout: 90_000 }, () => {
  it('loses no request of clients that check readiness', async () => {
    let isRunning = true;
    const sent: string[] = [];
    const probing = probeWhile(() => isRunning);
    const writing = Promise.all(people.map((person) => writeWhile(() => isRunning, person, sent)));
    const codes: unknown[] = [];
    for (const place of places) {
      const before = sent.length;
      while (sent.length < before + 100) await wait(20);
      const ended = once(place.server.child, 'exit');
      place.server.child.kill('SIGTERM');
      codes.push((await ended)[0]);
      place.server = await startOne();
      while (!place.isReady) await wait(20);
    }
    isRunning = false;
    const failures = (await writing).flat();
    await probing;
    const [row] = await execute(
      database.url,
      'select count(distinct content)::int, count(*)::int as rows from messages',
    );

    expect(failures).toEqual([]);
    expect(codes).toEqual([0, 0]);
    expect(row).toEqual({ count: sent.length + 1, rows: sent.length + people.length });
  });
});
