import sql from 'sql-template-tag';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createId } from '../../../src/platform/ids.ts';
import { Unavailable } from '../../../src/platform/errors.ts';
import { aTenant } from '../../support/builders.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../../support/identity-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const second = 1000;
const hour = 3600 * second;

let provider: TestIdentityProvider;
let testApp: TestApp;
let sub: string;
const logged: string[] = [];

beforeAll(async () => {
  provider = await startIdentityProvider();
  testApp = await startTestApp(provider.environment, (line) => logged.push(line));
  provider.clock = testApp.clock;
  const { uuid } = await aTenant(testApp, 'acme');
  await testApp.database.query(sql`update tenants set external_id = 'org_acme' where id = ${uuid}::uuid`);
});
beforeEach(() => {
  sub = `user_${createId().slice(-12)}`;
  testApp.clock.advance(hour);
  logged.length = 0;
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await testApp.close();
  await provider.close();
});

async function code(claims: Record<string, unknown> = {}): Promise<string | undefined> {
  const exp = Math.floor(testApp.clock.now() / second) + 4 * 3600;
  return send(await provider.token({ sub, exp, o: { id: 'org_acme', slg: 'acme' }, ...claims }));
}

/** How a request is refused; undefined when it is answered. */
async function send(token: string): Promise<string | undefined> {
  const answer = await testApp.ask('{ settings { maxMessageLength } }', { token });
  return answer.errors?.[0]?.extensions.code;
}

const statistics = () => testApp.app.services.identity.statistics();
const failWrites = () =>
  vi.spyOn(testApp.app.queries.identity, 'mirror').mockRejectedValue(new Unavailable());
const failReads = () =>
  vi.spyOn(testApp.app.queries.identity, 'personBySubject').mockRejectedValue(new Unavailable());

describe('while the database fails', () => {
  it('keep the known user when an update cannot be written; it is counted, logged and retried', async () => {
    await code({ updated_at: 1000 });
    const before = statistics();
    const writes = failWrites();
    const codes = [await code({ updated_at: 2000 }), await code({ updated_at: 2000 })];

    expect(codes).toEqual([undefined, undefined]);
    expect(writes).toHaveBeenCalledTimes(1);
    expect(statistics()).toEqual({
      ...before,
      attempted: before.attempted + 2,
      failed: before.failed + 1,
      staleServed: before.staleServed + 2,
    });
    expect(logged.filter((line) => line.includes('identity sync failed'))).toHaveLength(1);
    writes.mockRestore();
    testApp.clock.advance(5 * second);
    await code({ updated_at: 2000 });
    expect(statistics().performed).toBe(before.performed + 1);
  });

  it('keep the known user when it cannot be read, while the token is valid', async () => {
    const token = await provider.token({
      sub,
      exp: Math.floor(testApp.clock.now() / second) + 1800,
      o: { id: 'org_acme', slg: 'acme' },
    });
    await send(token);
    await send(token);
    const before = statistics().staleServed;
    failReads();
    testApp.clock.advance(1200 * second);
    const answered = await send(token);
    testApp.clock.advance(605 * second);

    expect(answered).toBeUndefined();
    expect(statistics().staleServed).toBe(before + 1);
    expect(logged.some((line) => line.includes('database unavailable: serving last known values'))).toBe(
      true,
    );
    expect(await send(token)).toBe('TOKEN_EXPIRED');
  });

  it.each([
    ['person', sql`update users set is_active = false where external_id = `],
    [
      'membership',
      sql`update memberships m set is_active = false from users u where u.id = m.user_id and u.external_id = `,
    ],
  ])('a %s that was suspended before is not brought back', async (_name, suspend) => {
    await code();
    await code();
    await testApp.database.query(sql`${suspend}${sub}`);
    await testApp.app.coherence.waitForInvalidation();
    failReads();

    expect(await code()).toBe('UNAVAILABLE');
  });

  it('answer an unknown user with UNAVAILABLE', async () => {
    failWrites();

    expect(await code()).toBe('UNAVAILABLE');
  });
});

describe('identity synchronisation', () => {
  it("runs only for the user's first request, whatever the token", async () => {
    await code();
    const before = statistics();
    for (let index = 0; index < 20; index += 1) await code({ jti: `${index}` });

    expect(statistics()).toEqual({
      ...before,
      attempted: before.attempted + 20,
      skipped: before.skipped + 20,
    });
  });

  it('runs once an hour for a token without updated_at', async () => {
    await code();
    const { performed } = statistics();
    testApp.clock.advance(hour - 1);
    await code();
    const withinTheHour = statistics().performed;
    testApp.clock.advance(1);
    await code();

    expect([withinTheHour, statistics().performed]).toEqual([performed, performed + 1]);
  });
});
