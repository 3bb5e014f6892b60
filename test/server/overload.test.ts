import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const patience = { timeout: 20_000, interval: 50 };

let testApp: TestApp;
afterEach(() => testApp.close());

async function listen(environment: Readonly<Record<string, string>>): Promise<string> {
  testApp = await startTestApp(environment);
  return await testApp.server.listen({ host: '127.0.0.1', port: 0 });
}

const post = (origin: string) =>
  fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ settings { maxMessageLength } }"}',
  });

describe('an overloaded server', () => {
  it('rejects requests, reports that it is alive, and recovers', async () => {
    const origin = await listen({ EVENT_LOOP_DELAY_MAX_MS: '20' });
    let isBusy = true;
    const work = (async () => {
      while (isBusy) {
        const until = performance.now() + 100;
        while (performance.now() < until);
        await sleep(1);
      }
    })();

    await vi.waitFor(async () => expect((await post(origin)).status).toBe(503), patience);
    const refused = await post(origin);
    const live = await fetch(`${origin}/livez`);
    isBusy = false;
    await work;

    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
    expect(live.status).toBe(200);
    await vi.waitFor(async () => expect((await post(origin)).status).toBe(200), patience);
  });
});

describe('slow senders', () => {
  it.each([
    ['headers', 'POST /graphql HTTP/1.1\r\nhost: x\r\n'],
    [
      'a body',
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{',
    ],
  ])('are cut off, and other clients are not affected: %s', async (_name, beginning) => {
    const origin = await listen({ RECEIVE_TIMEOUT: '1' });
    const answers: string[] = [];
    const sockets = Array.from({ length: 300 }, () => slowly(origin, beginning, answers));
    const startedAt = performance.now();
    const others = await Promise.all(Array.from({ length: 20 }, () => post(origin)));
    const elapsedMs = performance.now() - startedAt;

    expect(others.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(elapsedMs).toBeLessThan(5000);
    await vi.waitFor(() => expect(sockets.every(({ destroyed }) => destroyed)).toBe(true), patience);
    expect(answers).toHaveLength(300);
    expect(answers.filter((answer) => !answer.startsWith('HTTP/1.1 408 '))).toEqual([]);
  });
});

function slowly(origin: string, beginning: string, answers: string[]): Socket {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1', () => socket.write(beginning));
  socket.on('data', (chunk) => answers.push(chunk.toString()));
  socket.on('error', () => {});
  return socket;
}
