import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { z } from 'zod';
import { startServer, type RunningServer } from '../test/support/server-process.ts';

const root = join(import.meta.dirname, '..');

/** A server of the build, as in production, that tells how it is. */
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

/** How a server was at a moment: bytes, milliseconds of lag in the second before, milliseconds of processor since its start. */
export interface VitalSigns extends z.infer<typeof signsSchema> {
  readonly atMs: number;
}

/** A server whose memory and event loop are watched. */
export class MeasuredServer {
  readonly running: RunningServer;
  readonly #signs: VitalSigns[] = [];

  /** Starts what `npm run build` has made. */
  static async start(environment: Readonly<Record<string, string>>): Promise<MeasuredServer> {
    return new MeasuredServer(await startServer({ NODE_ENV: 'production', ...environment }, measured));
  }

  private constructor(running: RunningServer) {
    this.running = running;
    running.child.on('message', (message) => {
      this.#signs.push({ ...signsSchema.parse(message), atMs: performance.now() });
    });
  }

  /** Since that moment; by `performance.now()`. */
  signsSince(momentMs: number): readonly VitalSigns[] {
    return this.#signs.filter(({ atMs }) => atMs >= momentMs);
  }

  /** How it is at this moment. */
  async signsNow(): Promise<VitalSigns> {
    return this.#tell('how are you');
  }

  /** Bytes that are still in use after a collection of garbage. */
  async keptBytes(): Promise<number> {
    return (await this.#tell('collect garbage')).heap;
  }

  /** Files and sockets that it has open. */
  async openFiles(): Promise<number> {
    return (await readdir(`/proc/${this.running.child.pid}/fd`)).length;
  }

  async #tell(message: string): Promise<VitalSigns> {
    const before = this.#signs.length;
    this.running.child.send(message);
    for (;;) {
      await once(this.running.child, 'message');
      // What it tells once a second may be under way already.
      const answer = this.#signs.slice(before).find(({ isAnswer }) => isAnswer);
      if (answer !== undefined) return answer;
    }
  }
}

/** How many connections to the database there are, beside the one that asks. */
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
