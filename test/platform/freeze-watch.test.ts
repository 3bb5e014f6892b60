import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FreezeWatch } from '../../src/platform/database/freeze-watch.ts';
import { createLogger } from '../../src/platform/logger.ts';

const probeMs = 100;
const logger = createLogger({ level: 'silent' });

let server: Server;
let sockets: Socket[];
beforeEach(() => {
  sockets = [];
  server = createServer((socket) => void sockets.push(socket.on('error', () => {})));
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** A pool in which somebody has waited since the process began. */
class CrowdedPool {
  looks = 0;
  readonly conclusions: boolean[] = [];

  busySince(): number[] {
    this.looks += 1;
    return [1];
  }

  set isAway(isAway: boolean) {
    this.conclusions.push(isAway);
  }
}

async function watch(): Promise<{ pool: CrowdedPool; stop: () => void }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const pool = new CrowdedPool();
  const url = `postgres://user@127.0.0.1:${port}/any`;
  const times = { patienceMs: 50, probeMs };
  return { pool, stop: new FreezeWatch({ pool, url, times, logger }).start() };
}

describe('the watch for a database that says nothing', () => {
  it('takes silence for silence in its first look, although a timer may end early by another clock', async () => {
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() * 0.5);
    const { pool, stop } = await watch();
    await vi.waitFor(() => expect(pool.conclusions).toEqual([true]), 2000);
    stop();

    expect(sockets).toHaveLength(1);
  });

  it('takes a connection that is closed for an answer', async () => {
    server.on('connection', (socket) => socket.destroy());
    const { pool, stop } = await watch();
    await vi.waitFor(() => expect(pool.looks).toBeGreaterThan(2), 3000);
    stop();

    expect(pool.conclusions).toEqual([]);
  });
});
