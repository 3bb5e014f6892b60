import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PooledClient } from '../../../../src/platform/postgres/pool/pooled-client.ts';
import { StallDetector } from '../../../../src/platform/postgres/pool/stall-detector.ts';
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

/** A pool with a connection that has been opening since the process started. */
class BusyPool {
  samples = 0;
  respondedAt = 0;
  readonly conclusions: boolean[] = [];
  /** The number of probes before the first conclusion. */
  probes = 0;

  readonly #opening = new PooledClient();

  constructor() {
    this.#opening.since = 1;
  }

  clientsIn(state: PooledClient['state']): readonly PooledClient[] {
    if (state === 'held') this.samples += 1;
    return state === 'opening' ? [this.#opening] : [];
  }

  destroy(): void {}

  set isUnresponsive(isUnresponsive: boolean) {
    if (this.conclusions.length === 0) this.probes = sockets.length;
    this.conclusions.push(isUnresponsive);
  }
}

async function watch(): Promise<{ pool: BusyPool; stop: () => void }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const pool = new BusyPool();
  const url = `postgres://user@127.0.0.1:${port}/any`;
  const times = { patienceMs: 50, probeMs };
  return { pool, stop: new StallDetector(pool, url, times, logger).start() };
}

describe('the stall detector', () => {
  it('reports an unresponsive database after the first probe, although timers may fire early', async () => {
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() * 0.5);
    const { pool, stop } = await watch();
    await vi.waitFor(() => expect(pool.conclusions).toEqual([true]), 2000);
    stop();

    expect(pool.probes).toBe(1);
  });

  it('counts a response on another connection as a response', async () => {
    const { pool, stop } = await watch();
    server.on('connection', () => void (pool.respondedAt = Infinity));
    await vi.waitFor(() => expect(sockets.length).toBeGreaterThan(1), 5000);
    stop();

    expect(pool.conclusions).toEqual([]);
  });

  it('counts a closed connection as a response', async () => {
    server.on('connection', (socket) => socket.destroy());
    const { pool, stop } = await watch();
    await vi.waitFor(() => expect(pool.samples).toBeGreaterThan(2), 3000);
    stop();

    expect(pool.conclusions).toEqual([]);
  });
});
