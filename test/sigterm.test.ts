import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from './support/postgres.ts';

const root = join(import.meta.dirname, '..');

let database: TestDatabase;
let server: ChildProcess;
let origin: string;
const agent = new Agent({ keepAlive: true });

beforeEach(async () => {
  database = await createTestDatabase();
  const { PATH = '' } = process.env;
  server = spawn(process.execPath, ['--import', 'tsx', join(root, 'src/main.ts'), 'serve'], {
    cwd: root,
    env: { PATH, DATABASE_URL: database.url, PORT: '0', LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  origin = await addressOf(server);
});
afterEach(async () => {
  agent.destroy();
  server.kill('SIGKILL');
  await database.drop();
});

async function addressOf({ stdout }: ChildProcess): Promise<string> {
  let output = '';
  for await (const chunk of stdout ?? []) {
    output += String(chunk);
    const address = /http:\/\/[\d.]+:\d+/.exec(output)?.[0];
    if (address !== undefined) return address;
  }
  throw new Error(`The server ended: ${output}`);
}

/** One request over a connection that is kept; answers its status. */
async function send(path: string, body?: string): Promise<number> {
  const sent = request(origin + path, {
    agent,
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json' },
  });
  sent.end(body);
  const [response] = await once(sent, 'response');
  await text(response);
  return response.statusCode;
}

/** Asks for readiness as a load balancer does, and sends requests one after another for as long as it is given. */
async function honourReadiness(outcomes: (number | string)[]): Promise<void> {
  let isReady = true;
  const probing = (async () => {
    while (isReady) {
      isReady = (await send('/readyz')) === 200;
      await sleep(100);
    }
  })();
  const users = Array.from({ length: 8 }, async () => {
    while (isReady) {
      const query = '{ settings { maxMessageLength } models { name } }';
      outcomes.push(await send('/graphql', JSON.stringify({ query })).catch(String));
    }
  });
  await Promise.all([probing, ...users]);
}

describe('SIGTERM under load', { timeout: 60_000 }, () => {
  it('loses no request of those who ask whether it is ready, and ends well in time', async () => {
    const outcomes: (number | string)[] = [];
    const load = honourReadiness(outcomes);
    while (outcomes.length < 100) await sleep(20);
    const toldAt = performance.now();
    server.kill('SIGTERM');
    const ended = once(server, 'exit');
    await load;
    const [code] = await ended;
    const elapsedMs = performance.now() - toldAt;

    expect(outcomes.filter((outcome) => outcome !== 200)).toEqual([]);
    expect(code).toBe(0);
    expect(elapsedMs).toBeLessThan(10_000);
  });
});
