import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** A real Redis of the test's own, in memory only, that can be made to fail. */
export class RedisServer {
  readonly port: number;
  #child: ChildProcess | null = null;

  /** Below 32768, where the system gives out no ports by itself: it must be free again after a restart. */
  constructor(port = 20_000 + Math.floor(Math.random() * 12_000)) {
    this.port = port;
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    this.#child = child;
    await once(child, 'spawn');
    while (!(await this.#answers())) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}.`);
      await wait(20);
    }
  }

  /** At once, as in a crash. Safe to call when it does not run. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** It takes connections and answers nothing. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Sends one command past all proxies; answers Redis's answer as it stands. */
  async command(...words: readonly string[]): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    socket.setTimeout(1000, () => socket.destroy(new Error('Redis does not answer.')));
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    socket.write(`*${words.length}\r\n${parts.join('')}*1\r\n$4\r\nQUIT\r\n`);
    let answer = '';
    for await (const piece of socket) answer += String(piece);
    if (answer.startsWith('-')) throw new Error(answer);
    return answer;
  }

  /** How many keys anybody has asked for since it started: it grows while it is used as a cache. */
  async lookups(): Promise<number> {
    const info = await this.command('INFO', 'stats');
    const count = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1] ?? 0);
    return count('keyspace_hits') + count('keyspace_misses');
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.command('PING')).startsWith('+PONG');
    } catch {
      // Not yet; whoever asks knows for how long.
      return false;
    }
  }
}
