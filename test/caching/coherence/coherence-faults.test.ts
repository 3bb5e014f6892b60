import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { joinCoherence, startCoherence, untilRejoined, untilTrusted } from '../../support/coherence.ts';
import { CleanUps } from '../../support/embedded.ts';
import { createTestDatabase, execute } from '../../support/postgres.ts';
import { deafening, startTcpProxy, transactionPooler } from '../../support/tcp-proxy.ts';

const cleanUps = new CleanUps();
let url: string;

beforeEach(async () => {
  const database = await createTestDatabase();
  url = database.url;
  cleanUps.add(() => database.drop());
});
afterEach(() => cleanUps.run());

const announce = (name: string) => execute(url, `select announce_invalidations(array['${name}'])`);

const processes = () => execute(url, `select id::text from cache_processes where lease_expires_at > now()`);

/** Ends the connections of everybody who listens. */
const terminate = () =>
  execute(
    url,
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'parley coherence' and datname = current_database()`,
  );

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

describe('a process whose connection is closed', () => {
  it('uses no cache until it has a new connection and cleared its memory', async () => {
    const { coherence, told } = await joinCoherence(cleanUps, url);
    const trustedWhenTold: boolean[] = [];
    coherence.subscribe({ invalidated: () => {}, onGap: () => trustedWhenTold.push(coherence.isTrusted) });
    await terminate();
    await untilRejoined(coherence);

    expect(trustedWhenTold).toEqual([false]);
    expect(told).toEqual([null]);
  });

  it('confirms writes through its next connection', async () => {
    const { coherence } = await joinCoherence(cleanUps, url);
    await terminate();

    expect(await coherence.waitForInvalidation()).toBe(true);
  });

  it('is not waited for after it reconnected and confirmed', async () => {
    const [one, two] = await Promise.all([joinCoherence(cleanUps, url), joinCoherence(cleanUps, url)]);
    await terminate();
    await Promise.all([untilRejoined(one.coherence), untilRejoined(two.coherence)]);

    expect(await one.coherence.waitForInvalidation()).toBe(true);
  });
});

describe('a process that receives nothing', () => {
  it('delays a write by at most its lease, and has stopped using its caches by then', async () => {
    const proxy = await startTcpProxy(cleanUps, url);
    const [writer, frozen] = await Promise.all([
      joinCoherence(cleanUps, url),
      joinCoherence(cleanUps, proxy.url),
    ]);
    proxy.freeze();
    expect(frozen.coherence.isTrusted).toBe(true);
    await announce('tag:user:ann');
    const waitedMs = await elapsed(async () => {
      expect(await writer.coherence.waitForInvalidation()).toBe(false);
      expect(frozen.coherence.isTrusted).toBe(false);
    });

    expect(waitedMs).toBeLessThan(2000);
    expect(await writer.coherence.waitForInvalidation()).toBe(true);
    expect(writer.coherence.counts).toMatchObject({ settled: 2, unconfirmed: 1 });
  });

  it('receives what it missed, or that it missed something, before it uses its caches again', async () => {
    const proxy = await startTcpProxy(cleanUps, url);
    const { coherence, told } = await joinCoherence(cleanUps, proxy.url);
    proxy.freeze();
    await announce('tag:user:ann');
    await vi.waitFor(() => expect(coherence.isTrusted).toBe(false), { timeout: 3000 });
    expect(told).toEqual([]);
    proxy.thaw();
    await untilTrusted(coherence);

    expect(told.length).toBeGreaterThan(0);
  });

  it('acknowledges its own writes within 2 s, and does not use its caches then', async () => {
    const proxy = await startTcpProxy(cleanUps, url);
    const { coherence } = await joinCoherence(cleanUps, proxy.url);
    proxy.freeze();
    await announce('tag:user:ann');
    const waitedMs = await elapsed(async () => {
      expect(await coherence.waitForInvalidation()).toBe(false);
      expect(coherence.isTrusted).toBe(false);
    });

    expect(waitedMs).toBeLessThan(2000);
  });
});

describe('a process without a lease', () => {
  it('counts as isolated while the database is unreachable', async () => {
    const proxy = await startTcpProxy(cleanUps, url);
    const { coherence } = await joinCoherence(cleanUps, proxy.url);
    expect(coherence.isCutOff).toBe(false);
    // A port without a listener.
    proxy.redirect('postgres://127.0.0.1:1/');
    await vi.waitFor(() => expect(coherence.isCutOff).toBe(true), { timeout: 5000 });
    proxy.redirect(url);
    await untilTrusted(coherence);

    expect(coherence.isCutOff).toBe(false);
  });

  it('does not count as isolated when it only receives nothing, or lost one connection', async () => {
    const deaf = startCoherence(cleanUps, (await startTcpProxy(cleanUps, url, transactionPooler)).url);
    const { coherence } = await joinCoherence(cleanUps, url);
    const seen = new Set<boolean>();
    const watching = setInterval(() => seen.add(coherence.isCutOff || deaf.coherence.isCutOff), 1);
    await terminate();
    await untilRejoined(coherence);
    expect(await deaf.coherence.waitForInvalidation()).toBe(false);
    clearInterval(watching);

    expect([...seen]).toEqual([false]);
  });
});

describe('a process that stops reading', () => {
  it('is disconnected by PostgreSQL, so that the notification queue does not grow forever', async () => {
    const proxy = await startTcpProxy(cleanUps, url);
    await joinCoherence(cleanUps, proxy.url, { leaseMs: 250, marginMs: 50 });
    proxy.freeze();
    const flood = `select count(pg_notify('parley_cache', g || repeat('x', 7000))) from generate_series(1, 2000) as g`;
    await execute(url, flood);
    const listeners = () =>
      execute(
        url,
        `select pid from pg_stat_activity where application_name = 'parley coherence' and datname = current_database()
         and wait_event = 'ClientWrite'`,
      );

    await vi.waitFor(async () => expect(await listeners()).toEqual([expect.anything()]), { timeout: 5000 });
    await vi.waitFor(async () => expect(await listeners()).toEqual([]), { timeout: 15_000, interval: 200 });
  });
});

describe('a process that gets responses but no notifications', () => {
  it('uses its caches no longer than its lease, and treats later notifications as missed', async () => {
    const state = { isDeaf: false };
    const proxy = await startTcpProxy(cleanUps, url, deafening(state));
    const { coherence, told } = await joinCoherence(cleanUps, proxy.url);
    state.isDeaf = true;
    await announce('tag:user:ann');
    const waitedMs = await elapsed(async () => expect(await coherence.waitForInvalidation()).toBe(false));
    expect(coherence.isTrusted).toBe(false);
    expect(waitedMs).toBeLessThan(2000);
    state.isDeaf = false;
    await untilTrusted(coherence);

    expect(told).toEqual([null]);
    expect(await coherence.waitForInvalidation()).toBe(true);
  });
});

describe('a process that was suspended', () => {
  it('does not use its caches immediately afterwards', async () => {
    const { coherence } = await joinCoherence(cleanUps, url, { heartbeatMs: 50, leaseMs: 250, marginMs: 50 });
    const stoodStillAt = performance.now();
    while (performance.now() - stoodStillAt < 260);

    expect(coherence.isTrusted).toBe(false);
    await untilTrusted(coherence);
  });
});

describe('a process that exited', () => {
  it('is waited for until its lease has expired', async () => {
    const { coherence } = await joinCoherence(cleanUps, url);
    await execute(url, `insert into cache_processes values (gen_random_uuid(), now() + interval '500 ms')`);
    const waitedMs = await elapsed(async () => expect(await coherence.waitForInvalidation()).toBe(false));

    expect(waitedMs).toBeGreaterThan(200);
    expect(waitedMs).toBeLessThan(1500);
    expect(await elapsed(async () => expect(await coherence.waitForInvalidation()).toBe(true))).toBeLessThan(
      400,
    );
  });

  it('is not waited for after an orderly stop', async () => {
    const [one, two] = await Promise.all([joinCoherence(cleanUps, url), joinCoherence(cleanUps, url)]);
    await two.coherence.stop();

    expect(two.coherence.isTrusted).toBe(false);
    expect(await processes()).toEqual([{ id: one.coherence.processId }]);
    expect(await one.coherence.waitForInvalidation()).toBe(true);
  });

  it('leaves no permanent membership row', async () => {
    await execute(url, `insert into cache_processes values (gen_random_uuid(), now() - interval '2 min')`);
    const { coherence } = await joinCoherence(cleanUps, url);

    expect(
      await execute(url, `select id::text from cache_processes where lease_expires_at <> 'epoch'`),
    ).toEqual([{ id: coherence.processId }]);
  });
});

describe('a database that lost its membership table in a crash', () => {
  it('makes writes wait for processes that may still use their caches', async () => {
    await execute(url, 'truncate cache_processes');
    const { coherence } = startCoherence(cleanUps, url, { leaseMs: 700, marginMs: 100 });
    const waitedMs = await elapsed(async () => expect(await coherence.waitForInvalidation()).toBe(false));

    expect(waitedMs).toBeGreaterThan(400);
    await untilTrusted(coherence);
    expect(await coherence.waitForInvalidation()).toBe(true);
  });
});

describe('a pooler that drops notifications', () => {
  it('is detected, and no cache is used', async () => {
    const proxy = await startTcpProxy(cleanUps, url, transactionPooler);
    const { coherence, told } = startCoherence(cleanUps, proxy.url);
    // Long enough for three tries.
    const waitedMs = await elapsed(async () => {
      for (let count = 0; count < 2; count += 1) expect(await coherence.waitForInvalidation()).toBe(false);
    });

    expect(waitedMs).toBeLessThan(4000);
    expect(coherence.isTrusted).toBe(false);
    expect(told).toEqual([]);
  });
});
