import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { startCluster, type Cluster } from './cluster.ts';
import { FaultProxy } from './fault-proxy.ts';
import { startTestRedis, type TestRedis } from './redis.ts';
import { TruthLoad, type LoadReport } from './truth-load.ts';

/** The application name of notification connections, by which PostgreSQL and a proxy find them. */
const listener = 'parley coherence';

const processCount = 3;

/** No limits, because the tests look for wrong answers under failures, not for rejected load. */
const withoutLimits = {
  EVENT_LOOP_DELAY_MAX_MS: '0',
  RATE_LIMIT_PER_USER: '0',
  RATE_LIMIT_PER_TENANT: '0',
  RATE_LIMIT_PER_ADDRESS: '0',
  DRAIN_DELAY: '0',
};

/** Three servers on one database, perhaps with a Redis, behind networks that can fail. */
export interface FaultWorld {
  readonly cluster: Cluster;
  readonly redis: TestRedis;
  /** Between the servers and Redis. */
  readonly redisProxy: FaultProxy;
  /** The proxy between the servers and PostgreSQL; failures affect only the notification connections. */
  readonly databaseProxy: FaultProxy;
  /** The rows of one statement, past all proxies. */
  readonly execute: (text: string, values?: readonly unknown[]) => Promise<readonly unknown[]>;
  stop(): Promise<void>;
}

/**
 * Starts them on an empty, migrated database. With `redis` they know of one, which runs unless it is to be
 * `absent`; without, they have the database alone.
 */
export async function startFaultWorld(
  databaseUrl: string,
  redisIs: 'running' | 'absent' | 'unknown',
): Promise<FaultWorld> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const token = await createAdmin(client);
  const redis = await startTestRedis();
  if (redisIs !== 'running') await redis.stop();
  const redisProxy = await FaultProxy.open({ port: Number(new URL(redis.url).port) });
  const address = new URL(databaseUrl);
  const databaseProxy = await FaultProxy.open({ port: Number(address.port), onlyThoseThatSay: listener });
  address.port = String(databaseProxy.port);
  address.hostname = '127.0.0.1';
  const environment = {
    NODE_ENV: 'test',
    ...withoutLimits,
    DATABASE_URL: address.toString(),
    ...(redisIs === 'unknown'
      ? {}
      : { REDIS_URL: `redis://127.0.0.1:${redisProxy.port}`, SECRET_KEY: 'k'.repeat(32) }),
  };
  const stopRest = async () => {
    await redisProxy.close();
    await databaseProxy.close();
    await redis.close();
    await client.end();
  };
  try {
    const cluster = await startCluster(processCount, environment, token);
    return {
      cluster,
      redis,
      redisProxy,
      databaseProxy,
      execute: async (text, values = []) => (await client.query(text, [...values])).rows,
      async stop() {
        await cluster.stop();
        await stopRest();
      },
    };
  } catch (error) {
    await stopRest();
    throw error;
  }
}

/** Runs the load before, during and after a failure, with a number of reads afterwards. */
export async function underLoad(
  world: FaultWorld,
  work: (load: TruthLoad) => Promise<void>,
): Promise<LoadReport> {
  const load = await TruthLoad.start(world.cluster);
  try {
    await work(load);
  } catch (error) {
    const { failures, stale } = await load.stop();
    throw new Error([String(error), ...failures.slice(0, 3), ...stale.slice(0, 3)].join('\n'), {
      cause: error,
    });
  }
  return load.stop();
}

/** Ends every connection by which a server of this world listens; other tests run on the same PostgreSQL. */
export async function cutListeners(world: FaultWorld): Promise<void> {
  await world.execute(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = $1 and datname = current_database()`,
    [listener],
  );
}

/** Three seconds are promised, on a machine that has nothing else to do. */
const recoveryMaxMs = 15_000;

/**
 * How many times the models were loaded for so many readers who came at once, spread over all servers, after
 * all caches have forgotten them: nobody can read the table until all have asked.
 */
export async function loadsFor(readers: number, databaseUrl: string, world: FaultWorld): Promise<number> {
  const { servers } = world.cluster;
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await Promise.all(servers.map((server) => server.ask(modelsQuery)));
    await servers[0]?.ask('mutation { invalidateCache(input: { cache: MODELS }) { userErrors { code } } }');
    await client.query('begin; lock table models in access exclusive mode');
    const reads = Promise.all(
      Array.from({ length: readers }, async (_, each) => servers[each % servers.length]?.ask(modelsQuery)),
    );
    await timeUntil(async () => (await countLoads(world)) > 0);
    await wait(arrivalMs);
    const loads = await countLoads(world);
    await client.query('rollback');
    await reads;
    return loads;
  } finally {
    await client.end();
  }
}

/** Within this time all of a thousand readers have arrived; those who come later only make fewer loads. */
const arrivalMs = 1000;

async function countLoads({ execute }: FaultWorld): Promise<number> {
  const waiting = await execute(
    `select from pg_stat_activity where wait_event_type = 'Lock' and query ilike '%from models%'
       and datname = current_database() and pid <> pg_backend_pid()`,
  );
  return waiting.length;
}

/** Returns the milliseconds until the condition is true. @throws Error when that takes far too long */
export async function timeUntil(condition: () => Promise<boolean>): Promise<number> {
  const startedAt = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAt > recoveryMaxMs)
      throw new Error(`It did not come true within ${recoveryMaxMs} ms.`);
    await wait(20);
  }
  return performance.now() - startedAt;
}

/** Returns whether every server answers from memory, while the table is locked. */
export async function allAnswerFromMemory(databaseUrl: string, { cluster }: FaultWorld): Promise<boolean> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    // Queried before, so that the entry is in memory.
    await Promise.all(cluster.servers.map((server) => server.ask(modelsQuery)));
    await client.query('begin; lock table models in access exclusive mode');
    const answers = Promise.all(cluster.servers.map((server) => server.ask(modelsQuery)));
    const inTime = await Promise.race([answers.then(() => true), wait(100, false)]);
    await client.query('rollback');
    await answers;
    return inTime;
  } finally {
    await client.end();
  }
}

const modelsQuery = '{ models { name } }';

/** Creates the platform admin whose token all requests use. */
async function createAdmin(client: Client): Promise<string> {
  const [tenantId, userId] = [randomUUID(), randomUUID()];
  const token = `parley_session_${randomBytes(32).toString('base64url')}`;
  await client.query("insert into tenants (id, slug, name) values ($1, 'faults', 'Faults')", [tenantId]);
  await client.query('insert into users (id, email, is_platform_admin) values ($1, $2, true)', [
    userId,
    'admin@faults.example',
  ]);
  await client.query("insert into memberships (tenant_id, user_id, role) values ($1, $2, 'OWNER')", [
    tenantId,
    userId,
  ]);
  await client.query(
    `insert into sessions (tenant_id, id, user_id, token_hash, expires_at)
     values ($1, gen_random_uuid(), $2, $3, now() + interval '1 day')`,
    [tenantId, userId, createHash('sha256').update(token).digest()],
  );
  return token;
}
