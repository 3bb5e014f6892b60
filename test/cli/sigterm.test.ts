import { once } from 'node:events';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { send } from '../support/send.ts';
import { hasEnded, killServer, startServer, type RunningServer } from '../support/server-process.ts';

let database: TestDatabase;
let server: RunningServer;
const agent = new Agent({ keepAlive: true });

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  agent.destroy();
  await killServer(server);
  await database.drop();
});

/** One request over a connection that is kept; answers its status. */
async function statusOf(path: string, body?: string): Promise<number> {
  const { status } = await send(agent, server.origin + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });
  return status;
}

/**
 * Asks for readiness as a load balancer does, and sends requests one after another for as long as it is
 * given.
 */
async function honourReadiness(outcomes: (number | string)[]): Promise<void> {
  let isReady = true;
  const probing = (async () => {
    while (isReady && !hasEnded(server.child)) {
      isReady = (await statusOf('/readyz')) === 200;
      await sleep(100);
    }
  })();
  const users = Array.from({ length: 8 }, async () => {
    while (isReady && !hasEnded(server.child)) {
      const query = '{ settings { maxMessageLength } models { name } }';
      outcomes.push(await statusOf('/graphql', JSON.stringify({ query })).catch(String));
    }
  });
  await Promise.all([probing, ...users]);
}

describe('SIGTERM under load', { timeout: 60_000 }, () => {
  it.each([
    ['one process', []],
    ['two workers', ['--workers', '2']],
  ])('loses no request of clients that check readiness, and ends in time: %s', async (_, options) => {
    server = await startServer({ DATABASE_URL: database.url, LOG_LEVEL: 'error' }, undefined, options);
    const outcomes: (number | string)[] = [];
    const load = honourReadiness(outcomes);
    while (outcomes.length < 100) await sleep(20);
    const toldAt = performance.now();
    server.child.kill('SIGTERM');
    const ended = once(server.child, 'exit');
    await load;
    const [code] = await ended;
    const elapsedMs = performance.now() - toldAt;

    expect(outcomes.filter((outcome) => outcome !== 200)).toEqual([]);
    expect(code).toBe(0);
    expect(elapsedMs).toBeLessThan(10_000);
  });
});
