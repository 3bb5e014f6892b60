import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from '@redis/client';

/** A real Redis server of a test's own, to be treated as badly as the test likes. */
export interface TestRedis {
  readonly url: string;
  /** Sends one command on a connection of its own, such as `['FLUSHALL']`. */
  command(args: readonly string[]): Promise<unknown>;
  /** Kills it; what it did not save is lost. */
  stop(): Promise<void>;
  /** On the same port, with what it saved last. */
  start(): Promise<void>;
  /** Stops responding without closing or rejecting connections. */
  freeze(): void;
  resume(): void;
  /** Ends it for good. */
  close(): Promise<void>;
}

/** Starts a server that writes nothing to disk without `SAVE`. */
export async function startTestRedis(options: readonly string[] = []): Promise<TestRedis> {
  const port = await freePort(options.includes('--cluster-enabled') ? [0, busOffset] : [0]);
  const directory = await mkdtemp(join(tmpdir(), 'parley-redis-'));
  const url = `redis://127.0.0.1:${port}`;
  let server: ChildProcess | null = null;

  const start = async () => {
    const settings = [
      '--port',
      String(port),
      '--dir',
      directory,
      '--save',
      '',
      '--appendonly',
      'no',
      ...options,
    ];
    server = spawn('redis-server', settings, { stdio: 'ignore' });
    while (!(await answers())) {
      if (server.exitCode !== null) throw new Error(`redis-server ended with ${server.exitCode}.`);
      await wait(20);
    }
  };
  const stop = async () => {
    const stopping = server;
    server = null;
    if (stopping === null || stopping.exitCode !== null) return;
    stopping.kill('SIGKILL');
    await once(stopping, 'exit');
  };
  const command = async (args: readonly string[]): Promise<unknown> => {
    const client = createClient({ url, socket: { reconnectStrategy: false } });
    // The rejection reports the same error.
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  };
  const answers = () =>
    command(['PING']).then(
      () => true,
      // Not yet.
      () => false,
    );
  await start();
  return {
    url,
    command,
    stop,
    start,
    freeze: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    async close() {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The offset from a node's port for clients to its port for other nodes. */
const busOffset = 10_000;

/**
 * Free, and at each of the offsets from it. Below those that the system gives to outgoing connections, which
 * could take it before the server does.
 */
async function freePort(offsets: readonly number[]): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 10_000);
    const areFree = await Promise.all(offsets.map((offset) => isFree(port + offset)));
    if (areFree.every((is) => is)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  const listens = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (listens) await new Promise((resolve) => probe.close(resolve));
  return listens;
}
