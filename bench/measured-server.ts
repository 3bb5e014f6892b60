import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { z } from 'zod';
import { startServer, type RunningServer } from '../test/support/server-process.ts';

const root = join(import.meta.dirname, '..');

/** The built server as in production, with the reporter of its vital signs. */
const measured: readonly string[] = [
  '--import',
  'tsx',
  '--import',
  join(import.meta.dirname, 'vital-signs.ts'),
  join(root, 'dist/main.js'),
];

const signsSchema = z.object({
  isAnswer: z.boolean(),
  rss: z.number(),
  heap: z.number(),
  lagMs: z.number(),
  cpuMs: z.number(),
});

/**
 * Memory in bytes, event loop delay of the previous second and CPU time since the start, both in
 * milliseconds.
 */
export interface VitalSigns extends z.infer<typeof signsSchema> {
  readonly atMs: number;
}

/** A server process whose memory and event loop are measured. */
export class MeasuredServer {
  readonly running: RunningServer;
  readonly #signs: VitalSigns[] = [];

  /** Starts the build in `dist`. */
  static async start(environment: Readonly<Record<string, string>>): Promise<MeasuredServer> {
    return new MeasuredServer(await startServer({ NODE_ENV: 'production', ...environment }, measured));
  }

  private constructor(running: RunningServer) {
    this.running = running;
    running.child.on('message', (message) => {
      this.#signs.push({ ...signsSchema.parse(message), atMs: performance.now() });
    });
  }

  /** Returns the measurements since a time of `performance.now()`. */
  signsSince(momentMs: number): readonly VitalSigns[] {
    return this.#signs.filter(({ atMs }) => atMs >= momentMs);
  }

  /** Measures the server immediately. */
  async signsNow(): Promise<VitalSigns> {
    return this.#request('measure');
  }

  /** Collects garbage and returns the bytes that remain in use. */
  async keptBytes(): Promise<number> {
    return (await this.#request('collect garbage')).heap;
  }

  /** Returns the number of open files and sockets. */
  async openFiles(): Promise<number> {
    return (await readdir(`/proc/${this.running.child.pid}/fd`)).length;
  }

  async #request(message: string): Promise<VitalSigns> {
    const before = this.#signs.length;
    this.running.child.send(message);
    for (;;) {
      await once(this.running.child, 'message');
      // A measurement of the once-a-second timer may arrive before the answer.
      const answer = this.#signs.slice(before).find(({ isAnswer }) => isAnswer);
      if (answer !== undefined) return answer;
    }
  }
}

/** Returns the number of connections to the database, without its own. */
export async function countConnections(databaseUrl: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity
       where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    return rows[0]?.count ?? 0;
  } finally {
    await client.end();
  }
}
