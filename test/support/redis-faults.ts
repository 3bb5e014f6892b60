import { setTimeout as wait } from 'node:timers/promises';
import type { FaultWorld } from './fault-world.ts';

/** Something that befalls Redis, or the way to it. */
export interface RedisFault {
  readonly name: string;
  /** Takes about so long, and leaves everything well. */
  readonly harm: (world: FaultWorld, milliseconds: number) => Promise<void>;
  /** The duration in a test; longer if the promise names a time. */
  readonly milliseconds: number;
}

const usualMs = 2500;
const flappingMs = 300;

/** Each of them with the servers connected before. */
export const redisFaults: readonly RedisFault[] = [
  {
    name: 'stopped and restarted',
    milliseconds: usualMs,
    async harm({ redis }, milliseconds) {
      await redis.stop();
      await wait(milliseconds);
      await redis.start();
    },
  },
  {
    name: 'frozen',
    milliseconds: 5000,
    async harm({ redis }, milliseconds) {
      redis.freeze();
      await wait(milliseconds);
      redis.resume();
    },
  },
  {
    name: '250 ms slow',
    milliseconds: usualMs,
    async harm({ redisProxy }, milliseconds) {
      redisProxy.delay(250);
      await wait(milliseconds);
      redisProxy.heal();
    },
  },
  {
    name: 'with its connections reset',
    milliseconds: usualMs,
    async harm({ redisProxy }, milliseconds) {
      await repeat(milliseconds, 100, async () => redisProxy.reset());
    },
  },
  {
    name: 'emptied again and again',
    milliseconds: usualMs,
    async harm({ redis }, milliseconds) {
      await repeat(milliseconds, 50, () => redis.command(['FLUSHALL']));
    },
  },
  {
    name: 'full',
    milliseconds: usualMs,
    async harm({ redis }, milliseconds) {
      await redis.command(['CONFIG', 'SET', 'maxmemory', '1']);
      await wait(milliseconds);
      await redis.command(['CONFIG', 'SET', 'maxmemory', '0']);
    },
  },
];

/** Away and back again every 300 ms, until the work is done. */
export async function whileFlapping({ redisProxy }: FaultWorld, work: () => Promise<void>): Promise<void> {
  let isAway = false;
  const timer = setInterval(() => {
    isAway = !isAway;
    if (isAway) redisProxy.refuse();
    else redisProxy.heal();
  }, flappingMs);
  try {
    await work();
  } finally {
    clearInterval(timer);
    redisProxy.heal();
  }
}

/**
 * Tells whether since now keys were both read and stored, and every server was the one to do so last on its
 * connection.
 */
export async function watchUse({ cluster, redis }: FaultWorld): Promise<() => Promise<boolean>> {
  const clients = async () => String(await redis.command(['CLIENT', 'LIST'])).split('\n');
  const use = async () => {
    const info = String(await redis.command(['INFO', 'everything']));
    const number = (pattern: RegExp) => Number(pattern.exec(info)?.[1] ?? 0);
    return {
      reads: number(/keyspace_hits:(\d+)/) + number(/keyspace_misses:(\d+)/),
      users: (await clients()).filter((client) => /\bcmd=(mget|get|set|exec)\b/.test(client)).length,
      writes: number(/cmdstat_set:calls=(\d+)/) - number(/cmdstat_set:.*failed_calls=(\d+)/),
    };
  };
  const before = await use();
  return async () => {
    const now = await use();
    return now.reads > before.reads && now.writes > before.writes && now.users >= cluster.servers.length;
  };
}

async function repeat(milliseconds: number, everyMs: number, action: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    await action();
    await wait(everyMs);
  }
}
