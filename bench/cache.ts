import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Keyv } from 'keyv';
import { Cache } from '../src/caching/cache.ts';
import { systemClock } from '../src/platform/runtime/clock.ts';

/**
 * Compares the in-process cache with other caches: hits per second, the memory of 10,000 entries of 500
 * bytes, and the time to invalidate one tag among few and among many entries. The caches take turns, and
 * medians are printed.
 *
 *     npm ci --prefix bench && npx tsx bench/cache.ts [rounds]
 */
async function main(rounds: number): Promise<number> {
  const peers = [ourCache(), plainKeyv(), await cacheable()].filter((peer) => peer !== null);
  const rates = await hitsPerSecond(peers, rounds);
  const memory = new Map<string, number>();
  for (const peer of peers) memory.set(peer.name, await megabytesOf(peer));
  console.table(
    Object.fromEntries(
      peers.map(({ name }) => [
        name,
        {
          'million hits/s': (median(rates.get(name) ?? []) / 1e6).toFixed(2),
          'MB for 10,000 entries': memory.get(name)?.toFixed(1),
        },
      ]),
    ),
  );
  const [few, many] = await microsecondsToInvalidate(rounds);
  console.log(
    `Invalidating a tag: ${few.toFixed(2)} µs among 200 entries, ${many.toFixed(2)} µs among 200,000.`,
  );
  const isFast = median(rates.get('Parley, get') ?? []) >= 1e6;
  const isSmall = (memory.get('Parley, get') ?? Infinity) <= 12;
  return isFast && isSmall ? 0 : 1;
}

interface Row {
  readonly id: string;
  readonly text: string;
}

interface Peer {
  readonly name: string;
  make(): { set(key: string, row: Row): unknown; get(key: string): unknown };
}

const entryCount = 10_000;
const keys = Array.from({ length: entryCount }, (_, index) => `tenant:1:user:${index}`);
const hitsPerRound = 200_000;

function ourCache(): Peer {
  return {
    name: 'Parley, get',
    make() {
      const cache = createCache(entryCount);
      const never = () => Promise.reject(new Error('Not in the cache.'));
      return { set: (key, row) => cache.get(key, async () => row), get: (key) => cache.get(key, never) };
    },
  };
}

function plainKeyv(): Peer {
  return {
    name: 'keyv',
    make() {
      const keyv = new Keyv<Row>({ ttl: 3_600_000 });
      return { set: (key, row) => keyv.set(key, row), get: (key) => keyv.get(key) };
    },
  };
}

/** Returns null and prints a message when the package is not installed. */
async function cacheable(): Promise<Peer | null> {
  // A computed name hides the import from the compiler, because only the benchmarks install the package.
  const name: string = 'cacheable';
  try {
    const { Cacheable } = await import(name);
    return { name, make: () => new Cacheable({ ttl: 3_600_000 }) };
  } catch (error) {
    console.log(`SKIPPED: cacheable is not installed (npm ci --prefix bench): ${String(error)}`);
    return null;
  }
}

function createCache(entriesMax: number): Cache<Row> {
  return new Cache<Row>({
    name: 'ROWS',
    ttlMs: 3_600_000,
    negativeTtlMs: 1000,
    entriesMax,
    tagsOfKey: (key) => [key],
    clock: systemClock,
  });
}

async function hitsPerSecond(peers: readonly Peer[], rounds: number): Promise<Map<string, number[]>> {
  const filled = await Promise.all(peers.map(async (peer) => ({ name: peer.name, cache: await fill(peer) })));
  const rates = new Map(peers.map(({ name }) => [name, new Array<number>()]));
  // The first round only warms up the compiler; its result is discarded.
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, cache } of filled) {
      const before = performance.now();
      for (let hit = 0; hit < hitsPerRound; hit += 1) await cache.get(keys[(hit * 7919) % entryCount] ?? '');
      const seconds = (performance.now() - before) / 1000;
      if (round > 0) rates.get(name)?.push(hitsPerRound / seconds);
    }
  }
  return rates;
}

async function fill(peer: Peer): Promise<ReturnType<Peer['make']>> {
  const cache = peer.make();
  for (const key of keys) await cache.set(key, createRow(key));
  return cache;
}

/** Creates a row of 500 bytes that shares no memory with another row. */
function createRow(id: string): Row {
  return { id, text: randomBytes(250).toString('hex') };
}

async function megabytesOf(peer: Peer): Promise<number> {
  const before = heapUsed();
  const cache = await fill(peer);
  const after = heapUsed();
  // Keeps the cache reachable while the heap is measured.
  await cache.get(keys[0] ?? '');
  return (after - before) / 1e6;
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

async function microsecondsToInvalidate(rounds: number): Promise<readonly [few: number, many: number]> {
  const [few, many] = [200, 200_000];
  const caches = [createCache(few), createCache(many)] as const;
  for (const [index, size] of [few, many].entries()) {
    const all = Array.from({ length: size }, (_, key) => `${key}`);
    await caches[index]?.getMany(
      all,
      async (missing) => new Map(missing.map((key) => [key, createRow(key)])),
    );
  }
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds * 200; round += 1) {
    for (const [index, cache] of caches.entries()) {
      const before = performance.now();
      cache.invalidateLocally({ tag: `${round % few}` });
      times[index]?.push((performance.now() - before) * 1000);
    }
  }
  return [median(times[0]), median(times[1])];
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}

process.exitCode = await main(Number(process.argv[2] ?? 7));
