import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import sql from 'sql-template-tag';
import { createApp } from '../../../src/app/app.ts';
import { readConfig } from '../../../src/app/config/config.ts';
import { systemClock } from '../../../src/platform/runtime/clock.ts';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { migrate } from '../../../src/platform/postgres/migrations/migrations.ts';
import { openDatabase } from '../../../src/platform/postgres/open-database.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { untilTrusted } from '../../support/coherence.ts';
import { CleanUps, makeFolder, start } from '../../support/embedded.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { populate, type Inhabitant } from '../../support/population.ts';

/** Longest time in which a client gets a response: below REQUEST_TIMEOUT; about 1.8 s on a quiet machine. */
const answerMaxMs = 7000;
const logger = createLogger({ level: 'silent' });
const cleanUps = new CleanUps();

let observer: Client;
let proxy: FaultProxy;
let database: Database;
let origin: string;
let people: readonly Inhabitant[];
const stopped = new Set<number>();

beforeAll(async () => {
  const postgres = await start(cleanUps, await makeFolder());
  await migrate(postgres.url, { logger });
  people = await populate(postgres.url, { people: 200, tenants: 4, messagesEach: 3 });
  observer = new Client({ connectionString: postgres.url });
  await observer.connect();
  cleanUps.add(() => observer.end());
  const address = new URL(postgres.url);
  proxy = await FaultProxy.open({ port: Number(address.port) });
  cleanUps.add(() => proxy.close());
  address.port = String(proxy.port);
  const url = address.toString();
  const config = readConfig({ NODE_ENV: 'test', LOG_LEVEL: 'silent', DATABASE_URL: url });
  database = openDatabase({ ...config.database, url, logger });
  cleanUps.add(() => database.close());
  const app = createApp({ clock: systemClock, config, database, logger });
  const server = await app.createServer(null);
  cleanUps.add(() => server.close());
  origin = await server.listen({ host: '127.0.0.1', port: 0 });
  await untilTrusted(app.coherence);
}, 60_000);
afterEach(() => {
  proxy.thaw();
  for (const pid of stopped) process.kill(pid, 'SIGCONT');
  stopped.clear();
});
afterAll(() => cleanUps.run());

interface Asked {
  readonly code: string | null;
  readonly tookMs: number;
}

async function read({ token }: Inhabitant): Promise<Asked> {
  const startedAt = performance.now();
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ conversations(first: 1) { nodes { title messageCount } } }' }),
  });
  const { errors } = JSON.parse(await response.text());
  return { code: errors?.[0]?.extensions.code ?? null, tookMs: performance.now() - startedAt };
}

/** As a machine that is out of memory or a debugger does it: they close nothing, and answer nothing. */
async function stopBackends(): Promise<void> {
  const { rows } = await observer.query<{ pid: number }>(
    "select pid from pg_stat_activity where application_name = 'parley'",
  );
  for (const { pid } of rows) {
    process.kill(pid, 'SIGSTOP');
    stopped.add(pid);
  }
  expect(rows.length).toBeGreaterThan(3);
}

const deaths: Readonly<Record<string, () => Promise<void>>> = {
  'whose processes stand still': stopBackends,
  'that the network has forgotten': async () => proxy.forget(),
};

function expectSoon(answers: readonly Asked[]): void {
  for (const { code, tookMs } of answers) {
    expect([null, 'UNAVAILABLE']).toContain(code);
    expect(tookMs).toBeLessThan(answerMaxMs);
  }
}

describe('connections', { timeout: 180_000 }, () => {
  it.each(Object.keys(deaths))('%s are dropped quickly, also during authentication', async (name) => {
    const [known, unknown] = [people.slice(0, 20), people.slice(100, 120)];
    expectSoon(await Promise.all(known.map(read)));
    await deaths[name]?.();
    const answers = await Promise.all([...known, ...unknown].map(read));
    const later = await Promise.all([...known, ...unknown].map(read));

    expectSoon(answers);
    expect(answers.some(({ code }) => code === 'UNAVAILABLE')).toBe(true);
    expect(later.map(({ code }) => code)).toEqual(later.map(() => null));
  });

  it.each(Object.keys(deaths))('%s under load fail requests only briefly', async (name) => {
    const answers: Asked[] = [];
    let isOver = false;
    const load = Promise.all(
      people.slice(0, 40).map(async (person) => {
        while (!isOver) answers.push(await read(person));
      }),
    );
    try {
      await expect.poll(() => answers.length, { timeout: 60_000 }).toBeGreaterThan(200);
      await deaths[name]?.();
      const answeredBefore = answers.length;
      await expect.poll(() => answers.length, { timeout: 60_000 }).toBeGreaterThan(answeredBefore + 400);
    } finally {
      isOver = true;
      await load;
    }

    expectSoon(answers);
    expect(answers.filter(({ code }) => code !== null).length).toBeGreaterThan(0);
    // A request that waited for a dead connection may fail last; new requests are answered.
    const later = await Promise.all(people.slice(0, 40).map(read));
    expect(later.filter(({ code }) => code !== null)).toEqual([]);
  });

  it('that are only slow are waited for', async () => {
    const slow = database.query(sql`select pg_sleep(2.5)::text as slept`);
    const slowWork = database.pool.connect().then(async (client) => {
      await client.query('begin; select pg_sleep(1.5); commit');
      client.release();
    });
    await expect(Promise.all([slow, slowWork])).resolves.toBeDefined();
  });
});
