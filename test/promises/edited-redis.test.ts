import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startAppOn, type AppOn } from '../support/app-on.ts';
import { aTenant, aUser, type TestUser } from '../support/builders.ts';
import { CleanUps } from '../support/embedded.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

const cleanUps = new CleanUps();
const [oldKey, newKey] = ['old-key-'.repeat(4), 'new-key-'.repeat(4)];
const forOperators = '{ operations { health { status } } }';
let redis: TestRedis;
let url: string;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(() => cleanUps.run());
afterAll(() => redis.close());

/** Starts a process on the database of the test. */
async function startProcess(secretKey: string, log: string[] = []): Promise<AppOn> {
  const environment = { REDIS_URL: redis.url, SECRET_KEY: secretKey };
  const app = await startAppOn(url, environment, (line) => log.push(line));
  cleanUps.add(() => app.close());
  return app;
}

/** Starts a process that has stored the sessions of a member and a platform admin in Redis. */
async function startWithSessions(secretKey: string): Promise<{ admin: TestUser; member: TestUser }> {
  await redis.command(['FLUSHALL']);
  const database = await createTestDatabase();
  url = database.url;
  cleanUps.add(() => database.drop());
  const first = await startProcess(secretKey);
  const tenant = await aTenant(first);
  const member = await aUser(first, tenant);
  const admin = await aUser(first, tenant, { isPlatformAdmin: true });
  // A session that is read while an earlier invalidation is being written is not shared.
  await vi.waitFor(async () => {
    first.app.caches.sessions.invalidateLocally('all');
    for (const { token } of [member, admin]) await first.ask('{ viewer { id } }', token);
    expect((await storedSessions()).size).toBe(secretKey === '' ? 0 : 2);
  });
  return { admin, member };
}

/** The cached sessions in Redis, by key: of the member and of the admin. */
async function storedSessions(): Promise<Map<string, string>> {
  const keys = await redis.command(['KEYS', '*:SESSIONS:v*']);
  const stored = new Map<string, string>();
  for (const key of Array.isArray(keys) ? keys : []) {
    if (String(key).endsWith(':lock')) continue;
    stored.set(String(key), String(await redis.command(['GET', String(key)])));
  }
  return stored;
}

const hitsInRedis = ({ app }: AppOn) =>
  app.caches.sessions.statistics().stores.find(({ store }) => store === 'redis')?.hits;

describe('a session in Redis', () => {
  it('is believed by another process that has the key', async () => {
    const { member } = await startWithSessions(oldKey);
    const second = await startProcess(oldKey);
    await second.ask('{ viewer { id } }', member.token);

    expect(hitsInRedis(second)).toBe(1);
  });

  it('is not believed after it was edited; this is counted, and logged once', async () => {
    const { admin, member } = await startWithSessions(oldKey);
    for (const [key, text] of await storedSessions()) {
      const edited = text.replaceAll(',false', ',true').replaceAll('false', 'true');
      await redis.command(['SET', key, edited === text ? `${text} ` : edited]);
    }
    const log: string[] = [];
    const second = await startProcess(oldKey, log);
    const { errors } = await second.ask(forOperators, member.token);
    await second.ask(forOperators, admin.token);

    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(hitsInRedis(second)).toBe(0);
    expect(second.app.caches.sessions.statistics().forged).toBe(2);
    expect(log.filter((line) => line.includes('forged value in Redis'))).toHaveLength(1);
  });

  it('is not believed under the key of another session', async () => {
    const { admin, member } = await startWithSessions(oldKey);
    const stored = [...(await storedSessions())];
    expect(stored).toHaveLength(2);
    for (const [index, [key]] of stored.entries()) {
      await redis.command(['SET', key, stored[1 - index]?.[1] ?? '']);
    }
    const second = await startProcess(oldKey);

    expect((await second.ask(forOperators, member.token)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect((await second.ask(forOperators, admin.token)).errors).toBeUndefined();
    expect(hitsInRedis(second)).toBe(0);
  });

  it.each([
    ['is believed while its key is being replaced', `${newKey},${oldKey}`, 1],
    ['is not believed after its key was replaced', newKey, 0],
  ])('%s', async (_title, secretKey, hits) => {
    const { member } = await startWithSessions(oldKey);
    const second = await startProcess(secretKey);

    expect((await second.ask('{ viewer { id } }', member.token)).status).toBe(200);
    expect(hitsInRedis(second)).toBe(hits);
  });

  it('is not there without a key', async () => {
    await startWithSessions('');

    expect(await redis.command(['KEYS', '*:SESSIONS:v*'])).toEqual([]);
  });
});
