import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import sql from 'sql-template-tag';
import { startAppOn, type AppOn } from '../support/app-on.ts';
import { aSession, aTenant, aUser } from '../support/builders.ts';
import { CleanUps } from '../support/embedded.ts';
import { createTestDatabase, execute } from '../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

const cleanUps = new CleanUps();
let redis: TestRedis;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => cleanUps.run());
afterAll(() => redis.close());

async function startApp(url: string): Promise<AppOn> {
  const app = await startAppOn(url, { REDIS_URL: redis.url, SECRET_KEY: 'k'.repeat(32) });
  cleanUps.add(() => app.close());
  return app;
}

async function aDatabase(): Promise<string> {
  const database = await createTestDatabase();
  cleanUps.add(() => database.drop());
  return database.url;
}

/** The keys in Redis that begin with the part. */
async function keysIn(part: string): Promise<string[]> {
  const keys = await redis.command(['KEYS', `*${part}*`]);
  return Array.isArray(keys) ? keys.map(String) : [];
}

/** The state of the access: 401, or OK and FORBIDDEN for platform admins and others. */
async function accessOf(app: AppOn, token: string): Promise<unknown> {
  const { status, errors } = await app.ask('{ operations { health { status } } }', token);
  return status === 401 ? 401 : (errors?.[0]?.extensions.code ?? 'OK');
}

/** Replaces the database by a copy of it, which has the same address, OIDs and rows. */
async function restore(url: string, copy: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  const serverUrl = new URL('/postgres', url).toString();
  const [row] = await execute(serverUrl, `select oid from pg_database where datname = '${name}'`);
  await execute(serverUrl, `drop database ${name} with (force)`);
  await execute(serverUrl, `create database ${name} template ${copy} oid ${String(row?.['oid'])}`);
}

describe('a database that was restored to an earlier state, with the Redis of before', () => {
  it('is believed, and not Redis: neither a later admin nor a later session exists', async () => {
    const url = await aDatabase();
    const before = await startApp(url);
    const tenant = await aTenant(before);
    const person = await aUser(before, tenant);
    expect(await accessOf(before, person.token)).toBe('FORBIDDEN');
    await before.close();
    const copy = `${new URL(url).pathname.slice(1)}_copy`;
    const serverUrl = new URL('/postgres', url).toString();
    await execute(serverUrl, `create database ${copy} template ${new URL(url).pathname.slice(1)}`);
    cleanUps.add(async () => void (await execute(serverUrl, `drop database ${copy}`)));

    const later = await startApp(url);
    const laterToken = await aSession(later, tenant, person);
    await later.database.query(sql`update users set is_platform_admin = true`);
    await later.app.coherence.waitForInvalidation();
    expect(await accessOf(later, person.token)).toBe('OK');
    expect(await accessOf(later, laterToken)).toBe('OK');
    expect(await keysIn(':SESSIONS:v')).not.toEqual([]);
    await later.close();
    await restore(url, copy);
    const restored = await startApp(url);

    expect(await accessOf(restored, person.token)).toBe('FORBIDDEN');
    expect(await accessOf(restored, laterToken)).toBe(401);
  });
});

describe('two databases at one address, with one Redis', () => {
  it('share neither entries nor counters', async () => {
    const url = await aDatabase();
    const emptyUrl = await aDatabase();
    const production = await startApp(url);
    const tenant = await aTenant(production);
    const person = await aUser(production, tenant, { isPlatformAdmin: true });
    expect(await accessOf(production, person.token)).toBe('OK');
    const used = await keysIn('parley');
    const productionName = production.app.coherence.databaseName;
    await production.close();
    await execute(
      new URL('/postgres', url).toString(),
      `drop database ${new URL(url).pathname.slice(1)} with (force)`,
    );
    await execute(
      new URL('/postgres', url).toString(),
      `create database ${new URL(url).pathname.slice(1)} template ${new URL(emptyUrl).pathname.slice(1)}`,
    );
    const staging = await startApp(url);

    expect(await accessOf(staging, person.token)).toBe(401);
    expect(staging.app.coherence.databaseName).not.toBe(productionName);
    const before = new Set(used);
    const epochs = new Set(
      (await keysIn('parley')).filter((key) => !before.has(key)).map((key) => key.split(':')[1]),
    );
    for (const key of used) expect(epochs).not.toContain(key.split(':')[1]);
  });
});
