import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CacheRegistry } from '../../../src/caching/cache-registry.ts';
import { Cache } from '../../../src/caching/cache.ts';
import { TestClock } from '../../support/clock.ts';
import { CleanUps } from '../../support/embedded.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { share, startSharing, untilUnused, untilUsed } from '../../support/shared-cache.ts';

interface Row {
  readonly id: string;
  readonly team: string;
}

const cleanUps = new CleanUps();
let nodes: TestRedis[] = [];
let urls = '';

/** Three masters, each with a third of the 16,384 slots. */
beforeAll(async () => {
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  nodes = await Promise.all(
    [1, 2, 3].map(async () => {
      const node = await startTestRedis(settings);
      cleanUps.add(() => node.close());
      return node;
    }),
  );
  const bounds = [0, 5461, 10_923, 16_384];
  for (const [index, node] of nodes.entries()) {
    const [from = 0, to = 0] = bounds.slice(index, index + 2);
    // Else they would agree on that later, and the cluster's epoch would rise meanwhile.
    await node.command(['CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1)]);
    await node.command(['CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1)]);
    await node.command(['CLUSTER', 'MEET', '127.0.0.1', new URL(nodes[0]?.url ?? '').port]);
  }
  await untilWhole();
  urls = nodes.map(({ url }) => url).join(',');
});
afterAll(() => cleanUps.run());

async function untilWhole(): Promise<void> {
  await vi.waitFor(
    async () => {
      for (const node of nodes) {
        expect(await node.command(['CLUSTER', 'INFO'])).toMatch(
          /cluster_state:ok[^]*cluster_known_nodes:3[^]*cluster_current_epoch:3/,
        );
      }
    },
    { timeout: 20_000, interval: 50 },
  );
}

async function aProcess() {
  const layer = await share(cleanUps, urls);
  const cache = new Cache<Row>({
    name: 'ROWS',
    ttlMs: 60_000,
    negativeTtlMs: 60_000,
    entriesMax: 1000,
    tagsOfValue: (row) => [`team:${row.team}`],
    clock: new TestClock(),
    generations: layer.generations,
  });
  return { ...layer, cache, registry: new CacheRegistry([cache], layer.generations) };
}

const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`);
const loadAs = (team: string) =>
  vi.fn(async (missing: readonly string[]) => new Map(missing.map((key) => [key, { id: key, team }])));

it('Redis Cluster: entries and tag versions are shared among the nodes', async () => {
  const [one, other, third] = [await aProcess(), await aProcess(), await aProcess()];
  const later = loadAs('blue');
  await one.cache.getMany(keys, loadAs('red'));
  expect(await other.cache.getMany(keys, later)).toEqual(keys.map((id) => ({ id, team: 'red' })));
  expect(later).not.toHaveBeenCalled();

  one.registry.invalidated([{ tag: 'team:red' }]);
  expect(await one.generations.confirm()).toBe(true);
  expect(await third.cache.getMany(keys, later)).toEqual(keys.map((id) => ({ id, team: 'blue' })));
});

it('Redis Cluster: not used while a node is down, and a restarted node counts as a new one', async () => {
  const layer = startSharing(cleanUps, urls);
  await untilUsed(layer);
  const before = layer.store.session?.incarnation;
  await nodes[1]?.stop();
  await untilUnused(layer);
  await nodes[1]?.start();
  await untilWhole();
  await untilUsed(layer);

  expect(layer.store.session?.incarnation).not.toBe(before);
});
