import { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CacheRegistry } from '../../../src/caching/cache-registry.ts';
import { Cache } from '../../../src/caching/cache.ts';
import { systemClock } from '../../../src/platform/runtime/clock.ts';
import { joinCoherence } from '../../support/coherence.ts';
import { CleanUps } from '../../support/embedded.ts';
import { createTestDatabase } from '../../support/postgres.ts';

const cleanUps = new CleanUps();
let pool: Pool;
let url: string;

beforeEach(async () => {
  const database = await createTestDatabase();
  url = database.url;
  cleanUps.add(() => database.drop());
  pool = new Pool({ connectionString: url, max: 8 });
  // Idle connections emit an error when the database stops.
  pool.on('error', () => {});
  cleanUps.add(() => pool.end());
  await pool.query(
    `insert into models (slug, name, provider, context_window) values ('gpt', '0', 'Test', 1)`,
  );
});
afterEach(() => cleanUps.run());

/** A process with a cache of the model's name, which counts up. */
async function startReader() {
  const { coherence } = await joinCoherence(cleanUps, url);
  const cache = new Cache<number>({
    name: 'MODELS',
    ttlMs: 60_000,
    negativeTtlMs: 1000,
    entriesMax: 10,
    clock: systemClock,
    trust: coherence,
  });
  coherence.subscribe(new CacheRegistry([cache]));
  const load = async () => {
    const { rows } = await pool.query<{ name: string }>(`select name from models where slug = 'gpt'`);
    return Number(rows[0]?.name);
  };
  return { coherence, cache, read: async () => (await cache.get('gpt', load)) ?? -1 };
}

type Reader = Awaited<ReturnType<typeof startReader>>;

/** Writes through one process and reads from all; counts the reads, and those that were too old. */
async function race(
  readers: readonly Reader[],
  {
    writes,
    afterWrite = async () => {},
  }: { writes: number; afterWrite?: (count: number) => Promise<unknown> },
): Promise<{ reads: number; old: number; fromCache: number }> {
  const counts = { reads: 0, old: 0, fromCache: 0 };
  let acknowledged = 0;
  let isOver = false;
  const reading = readers.flatMap((reader) =>
    [1, 2, 3].map(async () => {
      while (!isOver) {
        const atLeast = acknowledged;
        if ((await reader.read()) < atLeast) counts.old += 1;
        counts.reads += 1;
        // So that writes get their turn: a read from memory takes none.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }),
  );
  for (let count = 1; count <= writes; count += 1) {
    await pool.query(`update models set name = $1 where slug = 'gpt'`, [String(count)]);
    await readers[count % readers.length]?.coherence.waitForInvalidation();
    acknowledged = count;
    await afterWrite(count);
  }
  isOver = true;
  await Promise.all(reading);
  counts.fromCache = readers.reduce((sum, { cache }) => sum + cache.statistics().hits, 0);
  return counts;
}

describe('a read that begins after the acknowledgement of a write', () => {
  it('never sees the old value, on any process', async () => {
    const readers = await Promise.all([startReader(), startReader(), startReader()]);
    const { reads, old, fromCache } = await race(readers, { writes: 1000 });

    expect(old).toBe(0);
    expect(reads).toBeGreaterThan(10_000);
    expect(fromCache).toBeGreaterThan(reads / 4);
  });

  it('never sees the old value while connections are closed repeatedly', async () => {
    const readers = await Promise.all([startReader(), startReader(), startReader()]);
    const { old } = await race(readers, {
      writes: 150,
      afterWrite: async (count) =>
        count % 10 === 0 &&
        (await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'parley coherence' and datname = current_database()
          order by random() limit 2`)),
    });

    expect(old).toBe(0);
    expect(readers.reduce((sum, { coherence }) => sum + coherence.counts.joined, 0)).toBeGreaterThan(5);
  });
});
