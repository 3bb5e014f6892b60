import { afterEach, describe, expect, it } from 'vitest';
import { aTenant, aUser, type TestTenant } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
afterEach(() => testApp.close());

/**
 * The documents in `known` have been sent before, at somebody else's expense: new ones are charged by their
 * length.
 */
async function start(
  environment: Readonly<Record<string, string>>,
  known: readonly string[] = [],
): Promise<void> {
  testApp = await startTestApp(environment);
  tenant = await aTenant(testApp);
  for (const query of known) {
    const { token } = await aUser(testApp, await aTenant(testApp));
    expect((await post(query, token, '192.0.2.100')).statusCode).toBe(200);
  }
}

const post = (query: string, token?: string, remoteAddress = '192.0.2.1') =>
  testApp.server.inject({
    method: 'POST',
    url: '/graphql',
    remoteAddress,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    payload: { query },
  });

const costing100 = '{ conversations(first: 99) { nodes { id } } }';

describe('a rate limit', () => {
  it('rejects requests over it before any SQL, with the time to wait, and accepts them afterwards', async () => {
    await start({ RATE_LIMIT_PER_USER: '250' }, [costing100]);
    const { token } = await aUser(testApp, tenant);
    const statuses = [await post(costing100, token), await post(costing100, token)].map(
      ({ statusCode }) => statusCode,
    );
    const refused = await testApp.expectStatements(0, () => post(costing100, token));

    expect(statuses).toEqual([200, 200]);
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
    expect(refused.headers['retry-after']).toBe('12');
    testApp.clock.advance(11_999);
    expect((await post(costing100, token)).statusCode).toBe(429);
    testApp.clock.advance(1);
    expect((await post(costing100, token)).statusCode).toBe(200);
  });

  it('reports its level to the caller', async () => {
    await start({ RATE_LIMIT_PER_USER: '600' }, [
      costing100,
      '{ rateLimit { limit cost remaining resetAt } }',
    ]);
    const { token } = await aUser(testApp, tenant);
    await post(costing100, token);
    const { rateLimit } = await testApp.data('{ rateLimit { limit cost remaining resetAt } }', { token });

    expect(rateLimit).toEqual({
      limit: 600,
      cost: 1,
      remaining: 499,
      resetAt: new Date(testApp.clock.now() + 10_100).toISOString(),
    });
  });

  it('applies per user, and per tenant', async () => {
    await start({ RATE_LIMIT_PER_USER: '150', RATE_LIMIT_PER_TENANT: '250' }, [costing100]);
    const [first, second, third] = [
      await aUser(testApp, tenant),
      await aUser(testApp, tenant),
      await aUser(testApp, tenant),
    ];
    const stranger = await aUser(testApp, await aTenant(testApp));
    const statuses: number[] = [];
    for (const { token } of [first, first, second, third, stranger]) {
      statuses.push((await post(costing100, token)).statusCode);
    }

    expect(statuses).toEqual([200, 429, 200, 429, 200]);
  });

  it('applies per address for anonymous callers, and does not charge rejected requests', async () => {
    await start({ RATE_LIMIT_PER_ADDRESS: '2', RATE_LIMIT_PER_USER: '1000' }, [
      '{ settings { maxMessageLength } }',
    ]);
    const { token } = await aUser(testApp, tenant);
    const ask = (address: string, credential?: string) =>
      post('{ settings { maxMessageLength } }', credential, address);
    const statuses: number[] = [];
    for (const address of [
      '192.0.2.1',
      '192.0.2.1',
      '192.0.2.1',
      '192.0.2.2',
      '2001:db8::1',
      '2001:db8::2',
      '2001:db8::3',
    ]) {
      statuses.push((await ask(address)).statusCode);
    }

    expect(statuses).toEqual([200, 200, 429, 200, 200, 200, 429]);
    expect((await ask('192.0.2.1', token)).statusCode).toBe(200);
  });

  it('is off at 0', async () => {
    await start({ RATE_LIMIT_PER_USER: '0', RATE_LIMIT_PER_TENANT: '0', RATE_LIMIT_PER_ADDRESS: '0' });

    expect(await testApp.data('{ rateLimit { limit } }')).toEqual({ rateLimit: null });
  });

  it('accepts an operation over the whole limit when nothing else was charged', async () => {
    await start({ RATE_LIMIT_PER_USER: '50' });
    const { token } = await aUser(testApp, tenant);

    expect((await post(costing100, token)).statusCode).toBe(200);
    expect((await post('{ rateLimit { limit } }', token)).statusCode).toBe(429);
  });

  it('charges a new document by its length before it is parsed, and a known one no more', async () => {
    await start({ RATE_LIMIT_PER_USER: '1000' });
    const { token } = await aUser(testApp, tenant);
    const query = '{ rateLimit { remaining } }'.padEnd(400);
    const remaining = async () => (await post(query, token)).json().data.rateLimit.remaining;
    const broken = await post(`${'x'.repeat(4000)} {`, token);

    expect(broken.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(await remaining()).toBe(1000 - 401 - 1 - 40 - 1);
    expect(await remaining()).toBe(1000 - 401 - 1 - 40 - 1 - 1);
  });

  it('lets a new document pass that costs as much as the whole', async () => {
    await start({ RATE_LIMIT_PER_USER: '100' });
    const { token } = await aUser(testApp, tenant);

    expect((await post(costing100, token)).statusCode).toBe(200);
  });
});
