import { AsyncLocalStorage } from 'node:async_hooks';
import sql from 'sql-template-tag';
import { setImmediate as turnsEnd } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cancellation } from '../../../../src/platform/runtime/cancellation.ts';
import { ValidatingPool } from '../../../../src/platform/postgres/pool/validating-pool.ts';
import type { Database } from '../../../../src/platform/postgres/database.ts';
import { openDatabase } from '../../../../src/platform/postgres/open-database.ts';
import { Refusal } from '../../../../src/platform/errors.ts';
import { createLogger } from '../../../../src/platform/telemetry/logger.ts';
import type { WorkOwner } from '../../../../src/platform/runtime/work-owner.ts';
import { RequestStats } from '../../../../src/platform/telemetry/request-stats.ts';
import { FaultProxy } from '../../../support/fault-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/postgres.ts';

const logger = createLogger({ level: 'silent' });
let testDatabase: TestDatabase;
const opened: Database[] = [];
const proxies: FaultProxy[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()));
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await testDatabase.drop();
});

function open(
  timeouts: Parameters<typeof openDatabase>[0]['timeouts'] = {},
  url: string = testDatabase.url,
): Database {
  const database = openDatabase({ url, steadySize: 1, overflowSize: 1, logger, timeouts });
  opened.push(database);
  return database;
}

/** A network in front of the test's database. */
async function openProxy(): Promise<{ readonly proxy: FaultProxy; readonly url: string }> {
  const address = new URL(testDatabase.url);
  const proxy = await FaultProxy.open({ port: Number(address.port) });
  proxies.push(proxy);
  address.host = `127.0.0.1:${proxy.port}`;
  return { proxy, url: address.toString() };
}

/** Opens every connection of the pool, so that no test waits for the start of a backend. */
async function connectAll(database: Database): Promise<void> {
  const held = [await database.pool.connect(), await database.pool.connect()];
  for (const client of held) client.release();
}

/** Ends the backends of a database's connections. */
async function endBackends(database: Database): Promise<void> {
  await database.query(sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'parley' and datname = current_database() and pid <> pg_backend_pid()`);
}

describe('the pool', () => {
  it.each(['query', 'Prisma'])(
    'sends each statement in the context of its request, however long it waited: %s',
    async (way) => {
      const database = open();
      const current = new AsyncLocalStorage<RequestStats>();
      database.follow(() => {
        const request = current.getStore();
        if (request !== undefined) request.statements += 1;
        return () => {};
      });
      const send = () =>
        way === 'query' ? database.query(sql`select 1`) : database.prisma.$queryRaw`select 1`;
      const counts = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const stats = new RequestStats(String(index));
          await current.run(stats, async () => {
            for (let statement = 0; statement < index % 4; statement += 1) await send();
          });
          return stats.statements;
        }),
      );

      expect(counts).toEqual(Array.from({ length: 20 }, (_, index) => index % 4));
    },
  );

  it('rejects a request within 2 s while every connection is in use, and counts it', async () => {
    const database = open();
    const held = [await database.pool.connect(), await database.pool.connect()];
    const startedAt = performance.now();

    await expect(database.query(sql`select 1`)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(database.poolState()).toEqual({ inUse: 2, idle: 0, waiting: 0, timeouts: 1 });

    for (const client of held) client.release();
    expect(database.poolState()).toEqual({ inUse: 0, idle: 2, waiting: 0, timeouts: 1 });
  });

  it('serves a long queue in order while it moves', async () => {
    const database = open({ connectMs: 400 });
    await connectAll(database);
    const served: number[] = [];
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        await database.query(sql`select pg_sleep(0.15)`);
        served.push(index);
      }),
    );

    expect(performance.now() - startedAt).toBeGreaterThan(800);
    expect(served.map((index) => Math.floor(index / 2))).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    expect(database.poolState()).toMatchObject({ inUse: 0, waiting: 0, timeouts: 0 });
  });

  it("serves another tenant's work next, and leaves it half of the connections, however much one queues", async () => {
    const database = open();
    await connectAll(database);
    const current = new AsyncLocalStorage<WorkOwner>();
    database.shareBy(() => current.getStore() ?? null);
    const served: string[] = [];
    const run = (tenant: string, seconds: number) =>
      current.run({ tenant, user: `${tenant}:user` }, async () => {
        await database.query(sql`select pg_sleep(${seconds})`);
        served.push(tenant);
      });
    const busy = Array.from({ length: 8 }, () => run('busy', 0.1));
    await run('quiet', 0);

    expect(served.length).toBeLessThanOrEqual(3);
    await expect.poll(() => database.poolState()).toMatchObject({ inUse: 1, idle: 1 });
    expect(database.poolState().waiting).toBeGreaterThan(0);
    await Promise.all(busy);
    expect(database.poolState()).toMatchObject({ inUse: 0, waiting: 0, timeouts: 0 });
  });

  it('serves a second request of older work before work that began later', async () => {
    const database = open();
    const held = [await database.pool.connect(), await database.pool.connect()];
    const older = new Cancellation();
    await expect.poll(() => performance.now()).toBeGreaterThan(older.since);
    const served: string[] = [];
    const ask = async (name: string, from: Pick<Database, 'query'>) => {
      await from.query(sql`select 1`);
      served.push(name);
    };
    const asked = [ask('younger', database), ask('older', database.until(older))];
    held[0]?.release();
    await Promise.all(asked);
    held[1]?.release();

    expect(served).toEqual(['older', 'younger']);
  });

  it('serves a waiter from a released connection while a new one hangs', async () => {
    const { proxy, url } = await openProxy();
    const database = open({}, url);
    await database.query(sql`select 1`);
    proxy.ignoreNew();
    const startedAt = performance.now();
    await Promise.all([database.query(sql`select pg_sleep(0.2)`), database.query(sql`select 1`)]);

    expect(performance.now() - startedAt).toBeLessThan(1400);
  });

  it('rejects no waiter because a new connection hangs', async () => {
    const { proxy, url } = await openProxy();
    const database = open({ connectMs: 400 }, url);
    await database.query(sql`select 1`);
    proxy.ignoreNew();
    await Promise.all(Array.from({ length: 8 }, () => database.query(sql`select pg_sleep(0.15)`)));

    expect(database.poolState()).toMatchObject({ idle: 1, timeouts: 0 });
  });

  it('rejects a waiter after the longest wait although the queue moves', async () => {
    const database = open({ waitMaxMs: 500 });
    await connectAll(database);
    const answers = await Promise.allSettled(
      Array.from({ length: 12 }, () => database.query(sql`select pg_sleep(0.15)`)),
    );

    expect(answers[0]?.status).toBe('fulfilled');
    expect(answers[11]).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } });
  });

  it('keeps a connection that arrives after the waiting read was cancelled', async () => {
    const database = open();
    const held = [await database.pool.connect(), await database.pool.connect()];
    const cancellation = new Cancellation();
    const read = database.until(cancellation).query(sql`select 1`);
    cancellation.cancel(new Refusal('TIMEOUT', 'The client disconnected.'));
    for (const client of held) client.release();

    await expect(read).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(database.poolState()).toMatchObject({ inUse: 0, idle: 2 });
  });

  it('replaces a connection after its lifetime, in use or idle', async () => {
    const pidOf = async (database: Database) => await database.query(sql`select pg_backend_pid() as pid`);
    const busy = open({ lifetimeMs: 0 });
    expect(await pidOf(busy)).not.toEqual(await pidOf(busy));

    const idle = open({ lifetimeMs: 200 });
    await pidOf(idle);
    await expect.poll(() => idle.poolState().idle).toBe(0);
  });

  it('closes idle connections beyond the steady size', async () => {
    const database = open({ idleMs: 0 });
    await connectAll(database);
    expect(database.poolState().idle).toBe(2);
    await expect.poll(() => database.poolState().idle).toBe(1);
  });

  it('hands no connection that is within a transaction to a waiter', async () => {
    const database = open();
    const held = [await database.pool.connect(), await database.pool.connect()];
    const [first] = held;
    await first?.query('begin');
    const begun = await first?.query<{ pid: number }>('select pg_backend_pid() as pid');
    const waiting = database.query<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    for (const client of held) client.release();

    expect(await waiting).toEqual([{ pid: expect.any(Number) }]);
    expect(await waiting).not.toEqual(begun?.rows);
  });

  it('hands no closed connection to a waiter', async () => {
    const database = open();
    const held = [await database.pool.connect(), await database.pool.connect()];
    const waiting = database.query(sql`select 1 as one`);
    held[0]?.connection.stream.destroy();
    for (const client of held) client.release();

    expect(await waiting).toEqual([{ one: 1 }]);
  });

  it('lends no connection that was closed after its release, even in the same turn', async () => {
    const database = open();
    const client = await database.pool.connect();
    client.release();
    client.connection.stream.destroy();
    const closed = new Promise<void>((resolve) => client.once('end', resolve));
    const replaced = new Promise((resolve) =>
      process.nextTick(() => resolve(database.query(sql`select 1 as one`))),
    );

    expect(await replaced).toEqual([{ one: 1 }]);
    await closed;
  });

  it('lends no idle connection after another one was found dead', async () => {
    const { proxy, url } = await openProxy();
    const database = open({ checkMs: 200 }, url);
    const held = await database.pool.connect();
    held.release();
    if (database.pool instanceof ValidatingPool) database.pool.destroy([]);
    proxy.freeze();
    const asked = database.pool.connect();
    const isFirst = await Promise.race([asked.then((client) => client === held), turnsEnd(false)]);
    proxy.thaw();
    (await asked).release();

    expect(isFirst).toBe(false);
    expect(await asked).not.toBe(held);
  });

  it('rejects requests after its end', async () => {
    const database = open();
    (await database.pool.connect()).release();
    opened.splice(opened.indexOf(database), 1);
    const ended = database.pool.end();

    await expect(database.pool.connect()).rejects.toThrow('after calling end');
    await ended;
  });

  it('rejects the second release of a connection', async () => {
    const database = open();
    const client = await database.pool.connect();
    client.release();

    expect(() => client.release()).toThrow('released twice');
    expect(await database.query(sql`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  it.each([
    ['statement_timeout', '10s'],
    ['lock_timeout', '5s'],
    ['idle_in_transaction_session_timeout', '12s'],
    ['TimeZone', 'UTC'],
  ])('sets %s to %s on each connection', async (name, value) => {
    expect(await open().query(sql`select current_setting(${name}) as value`)).toEqual([{ value }]);
  });

  it('fails a statement that waits for a lock too long', async () => {
    const database = open({ lockMs: 50 });
    const holder = await database.pool.connect();
    await holder.query('begin; lock table models in access exclusive mode');

    await expect(database.query(sql`select slug from models`)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await holder.query('rollback');
    holder.release();
  });
});

describe('a connection that has been idle', () => {
  it('is checked before use, and replaced when dead', async () => {
    const database = open({ checkAfterIdleMs: 0 });
    const killer = open();
    const clients = [await database.pool.connect(), await database.pool.connect()];
    for (const client of clients) {
      client.release();
      // As with a connection that a firewall has dropped: its end is not reported.
      client.connection.stream.removeAllListeners('end').removeAllListeners('close');
      client.connection.stream.pause();
    }
    await endBackends(killer);

    const answers = await Promise.all([
      database.query(sql`select 1 as one`),
      database.query(sql`select 1 as one`),
    ]);
    expect(answers).toEqual([[{ one: 1 }], [{ one: 1 }]]);
  });

  it('is checked without reporting a statement', async () => {
    const database = open({ checkAfterIdleMs: 0 });
    await database.query(sql`select 1`);
    const texts: string[] = [];
    database.observe(({ text }) => texts.push(text));
    await database.query(sql`select 2`);

    expect(texts).toEqual(['select 2']);
  });
});
