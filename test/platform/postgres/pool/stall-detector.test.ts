import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FreezeWatch } from '../../../../src/platform/postgres/pool/stall-detector.ts';
import { createLogger } from '../../../../src/platform/telemetry/logger.ts';

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

/** A pool in which a connection has been made since the process began. */
class CrowdedPool {
  looks = 0;
  heardAt = 0;
  readonly conclusions: boolean[] = [];
  /** How often the database was asked before the first of them. */
  probes = 0;

  silences(): [] {
    this.looks += 1;
    return [];
  }

  connectingSince(): number[] {
    return [1];
  }

  discard(): void {}

  set isAway(isAway: boolean) {
    if (this.conclusions.length === 0) this.probes = sockets.length;
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

    expect(pool.probes).toBe(1);
  });

  it('takes what somebody else was told meanwhile for an answer', async () => {
    const { pool, stop } = await watch();
    server.on('connection', () => void (pool.heardAt = Infinity));
    await vi.waitFor(() => expect(sockets.length).toBeGreaterThan(1), 5000);
    stop();

    expect(pool.conclusions).toEqual([]);
  });

  it('takes a connection that is closed for an answer', async () => {
    server.on('connection', (socket) => socket.destroy());
    const { pool, stop } = await watch();
    await vi.waitFor(() => expect(pool.looks).toBeGreaterThan(2), 3000);
    stop();

    expect(pool.conclusions).toEqual([]);
  });
});
