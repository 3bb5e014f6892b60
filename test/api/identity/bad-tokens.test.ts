import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aTenant } from '../../support/builders.ts';
import { badTokens, Forge } from '../../support/bad-tokens.ts';
import {
  aProviderKey,
  startIdentityProvider,
  type TestIdentityProvider,
} from '../../support/identity-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let provider: TestIdentityProvider;
let testApp: TestApp;
let forge: Forge;
const logged: string[] = [];

beforeAll(async () => {
  provider = await startIdentityProvider();
  const [key] = provider.keys;
  if (key === undefined) throw new Error('The provider has no key.');
  const otherKey = await aProviderKey('key-rs512', 'RS512');
  provider.keys = [key, otherKey];
  testApp = await startTestApp(provider.environment, (line) => logged.push(line));
  provider.clock = testApp.clock;
  forge = new Forge(provider, key, otherKey);
  const { uuid } = await aTenant(testApp, 'acme');
  await testApp.database.query(sql`update tenants set external_id = 'org_acme' where id = ${uuid}::uuid`);
});
afterAll(async () => {
  await testApp.close();
  await provider.close();
});

async function send(app: TestApp, token: string) {
  const response = await app.server.inject({
    method: 'POST',
    url: '/graphql',
    headers: { authorization: `Bearer ${token}` },
    payload: { query: '{ viewer { id } }' },
  });
  return {
    status: response.statusCode,
    challenge: response.headers['www-authenticate'],
    text: response.body,
    code: response.json().errors?.[0]?.extensions.code,
  };
}

describe('a token', () => {
  it('is accepted when valid', async () => {
    expect(await send(testApp, forge.sign())).toMatchObject({ status: 200, code: undefined });
  });

  it('is accepted with a clock difference below five seconds', async () => {
    const { now } = forge;
    const tokens = [forge.sign({ exp: now - 4 }), forge.sign({ nbf: now + 5, iat: now + 5, jti: 'b' })];

    for (const token of tokens) expect(await send(testApp, token)).toMatchObject({ status: 200 });
  });

  it.each(badTokens.map(([kind, make, code = 'UNAUTHENTICATED']) => ({ kind, make, code })))(
    'is rejected without a statement: $kind',
    async ({ make, code }) => {
      const token = await make(forge);
      logged.length = 0;
      const answer = await testApp.expectStatements(0, () => send(testApp, token));

      expect(answer).toMatchObject({ status: 401, code, challenge: 'Bearer error="invalid_token"' });
      const told = answer.text + logged.join('\n');
      // A header can be the one of every token; the claims and the signature are of this one alone.
      for (const part of token
        .split('.')
        .slice(1)
        .filter(({ length }) => length > 10))
        expect(told).not.toContain(part);
    },
  );

  it('in over thirty-three invalid forms makes one request for the keys', () => {
    expect(badTokens.length).toBeGreaterThan(33);
    expect(new Set(badTokens.map(([kind]) => kind)).size).toBe(badTokens.length);
    expect(provider.requests).toBe(1);
  });

  it('of 20 kB is rejected with 401, not as a header that is too large', async () => {
    const origin = await testApp.server.listen({ host: '127.0.0.1', port: 0 });
    const response = await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${'x'.repeat(20_480)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ viewer { id } }' }),
    });

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
  });

  it('is rejected after its expiry, although it is cached', async () => {
    const token = forge.sign({ jti: 'ends' });
    await send(testApp, token);
    testApp.clock.advance(64_999);
    const before = await send(testApp, token);
    testApp.clock.advance(1);

    expect(before.status).toBe(200);
    expect(await testApp.expectStatements(0, () => send(testApp, token))).toMatchObject({
      status: 401,
      code: 'TOKEN_EXPIRED',
    });
  });

  it('is rejected when no provider is configured', async () => {
    const other = await startTestApp();
    const answer = await other.expectStatements(0, () => send(other, forge.sign()));
    await other.close();

    expect(answer).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    expect(answer.text).toContain('No identity provider is configured.');
  });

  it('is accepted only for the configured audience', async () => {
    const other = await startTestApp({ ...provider.environment, JWT_AUDIENCE: 'parley,parley-next' });
    const { uuid } = await aTenant(other, 'acme');
    await other.database.query(sql`update tenants set external_id = 'org_acme' where id = ${uuid}::uuid`);
    const answers = await Promise.all(
      ['parley-next', ['x', 'parley'], 'x', undefined, []].map((aud) =>
        send(other, forge.sign({ aud, exp: forge.now + 600 })),
      ),
    );
    await other.close();

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 401, 401]);
  });
});
