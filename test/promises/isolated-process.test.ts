import { afterEach, expect, it, vi } from 'vitest';
import { startAppOn } from '../support/app-on.ts';
import { aTenant, aUser } from '../support/builders.ts';
import { CleanUps } from '../support/embedded.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const cleanUps = new CleanUps();
const graceMs = 4000;
const patience = { timeout: 20_000, interval: 50 };

afterEach(() => cleanUps.run());

it('a process that alone has lost PostgreSQL: accepts a session that was signed out elsewhere for ACCESS_GRACE at most', async () => {
  const database = await createTestDatabase();
  cleanUps.add(() => database.drop());
  const proxy = await startTcpProxy(cleanUps, database.url);
  const log: string[] = [];
  const environment = { ACCESS_GRACE: String(graceMs / 1000) };
  const alone = await startAppOn(proxy.url, environment, (line) => log.push(line));
  const other = await startAppOn(database.url, environment);
  cleanUps.add(() => Promise.all([alone.close(), other.close()]));
  const user = await aUser(other, await aTenant(other));
  const ask = () => alone.ask('{ viewer { id } settings { __typename } models { id } }', user.token);
  const statusOfSession = async () => (await alone.ask('{ __typename }', user.token)).status;
  await vi.waitFor(async () => expect((await ask()).errors).toBeUndefined(), patience);
  await alone.ask('{ settings { __typename } }', user.token);

  const lostAt = performance.now();
  proxy.redirect('postgres://127.0.0.1:1/');
  proxy.cut();
  const signedOut = await other.ask('mutation { signOut { userErrors { code } } }', user.token);
  expect(signedOut.data.signOut.userErrors).toEqual([]);
  expect((await other.ask('{ __typename }', user.token)).status).toBe(401);
  await vi.waitFor(async () => expect(await statusOfSession()).toBe(200), { ...patience, timeout: 2000 });
  expect((await alone.server.inject('/readyz')).body).toContain('ACCESS_GRACE');
  let lastAcceptedAt = 0;
  await vi.waitFor(async () => {
    const askedAt = performance.now();
    const status = await statusOfSession();
    if (status === 200) lastAcceptedAt = askedAt;
    expect(status).toBe(503);
  }, patience);

  expect(lastAcceptedAt - lostAt).toBeLessThan(graceMs);
  for (let read = 0; read < 5; read += 1) expect(await statusOfSession()).toBe(503);
  const { lastValues, tooOld } = alone.app.caches.sessions.statistics();
  expect([lastValues > 0, tooOld > 0]).toEqual([true, true]);
  expect(log.filter((line) => line.includes('SESSIONS') && line.includes('are too old'))).toHaveLength(1);
  const answer = await alone.server.inject({
    method: 'POST',
    url: '/graphql',
    payload: { query: '{ settings { __typename } }' },
  });
  expect(answer.json()).toEqual({ data: { settings: { __typename: 'Settings' } } });

  proxy.redirect(database.url);
  await vi.waitFor(async () => expect(await statusOfSession()).toBe(401), patience);
});
