import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CredentialGuard } from '../../../src/server/limits/credential-guard.ts';
import { aTenant, aUser } from '../../support/builders.ts';
import { startTestApp } from '../../support/test-app.ts';

let now = 0;
let guard: CredentialGuard;
beforeEach(() => {
  now = 1_000_000;
  guard = new CredentialGuard({ now: () => now });
});

/** Returns the number of unknown credentials that an address may send before one is not looked up. */
function refusedOf(ipAddress: string, sent = 1000): number {
  for (let count = 0; count < sent; count += 1) {
    try {
      guard.check(`unknown ${count}`, ipAddress);
    } catch {
      return count;
    }
    guard.refuse(`unknown ${count}`, ipAddress);
  }
  return sent;
}

describe('a network that sends unknown credentials', () => {
  it('may send 100 in a row, and a further one every 0.6 s', () => {
    expect(refusedOf('192.0.2.1')).toBe(100);
    now += 600;
    expect(refusedOf('192.0.2.1')).toBe(1);
    now += 60_000;
    expect(refusedOf('192.0.2.1')).toBe(100);
  });

  it('limits no other network', () => {
    refusedOf('192.0.2.1');

    expect(refusedOf('192.0.2.2', 5)).toBe(5);
    expect(refusedOf('2001:db8:0:1::1')).toBe(100);
    expect(refusedOf('2001:db8:0:1::2')).toBe(0);
  });

  it('limits no credential that was accepted before, until that is refused', () => {
    guard.accept('known');
    refusedOf('192.0.2.1');

    expect(() => guard.check('known', '192.0.2.1')).not.toThrow();
    guard.refuse('known', '192.0.2.1');
    expect(() => guard.check('known', '192.0.2.1')).toThrow('too many credentials');
  });
});

it('1,484 random tokens cost a bounded number of statements, and their neighbours nothing', async () => {
  const testApp = await startTestApp({});
  onTestFinished(() => testApp.close());
  const { token } = await aUser(testApp, await aTenant(testApp));
  const statusOf = async (credential: string) => {
    const headers = { authorization: `Bearer ${credential}` };
    const payload = { query: '{ viewer { id } }' };
    const { statusCode } = await testApp.server.inject({ method: 'POST', url: '/graphql', headers, payload });
    return statusCode;
  };
  await statusOf(token);
  let statements = 0;
  testApp.database.observe(() => (statements += 1));
  const statuses = new Map<number, number>();
  for (let count = 0; count < 1484; count += 1) {
    const status = await statusOf(`parley_session_${String(count).padStart(43, 'x')}`);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }

  expect(Object.fromEntries(statuses)).toEqual({ 401: 100, 429: 1384 });
  expect(statements).toBe(100);
  expect(await statusOf(token)).toBe(200);
});
