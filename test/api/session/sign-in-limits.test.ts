import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import sql from 'sql-template-tag';
import { z } from 'zod';
import { hashPassword } from '../../../src/platform/security/passwords.ts';
import { aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestRedis } from '../../support/redis.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const perAccount = 3;
const perAddress = 8;
const password = 'correct horse battery staple';

let passwordHash: string;
let testApp: TestApp;
let tenant: TestTenant;
let person: TestUser;

beforeAll(async () => {
  passwordHash = await hashPassword(password);
  testApp = await startTestApp({
    SIGN_IN_LIMIT_PER_ACCOUNT: String(perAccount),
    SIGN_IN_LIMIT_PER_ADDRESS: String(perAddress),
    SIGN_IN_LIMIT_WINDOW: '60',
    TRUST_PROXY: '10.0.0.0/8',
    // A hundred tries in one request, so that it is this limit which stops them.
    QUERY_ALIASES_MAX: '0',
    QUERY_ROOT_FIELDS_MAX: '0',
  });
  tenant = await aTenant(testApp);
});
beforeEach(async () => {
  // What an earlier test tried is over.
  testApp.clock.advance(60_000);
  person = await aUser(testApp, tenant, { passwordHash });
});
afterAll(() => testApp.close());

interface Try {
  readonly email?: string;
  readonly password?: string;
  readonly previousToken?: string;
}

const how = 'fragment how on SignInPayload { token userErrors { code } }';

/** Signs in by as many aliases of one request, and answers how each ended: OK, or the code of its refusal. */
async function signIn(
  tries: readonly Try[],
  from: { readonly address?: string; readonly forwardedFor?: string } = {},
): Promise<string[]> {
  const aliases = tries.map(
    (each, index) => `try${index}: signIn(input: { email: "${each.email ?? person.email}",
      password: "${each.password ?? password}"${withToken(each)} }) {
      ...how }`,
  );
  const response = await testApp.server.inject({
    method: 'POST',
    url: '/graphql',
    remoteAddress: from.address ?? '192.0.2.1',
    headers: from.forwardedFor === undefined ? {} : { 'x-forwarded-for': from.forwardedFor },
    payload: { query: `mutation { ${aliases.join('\n')} } ${how}` },
  });
  const payloads: { token: string | null; userErrors: { code: string }[] }[] = Object.values(
    response.json().data,
  );
  return payloads.map(({ token, userErrors }) => (token === null ? (userErrors[0]?.code ?? 'none') : 'OK'));
}

function withToken({ previousToken }: Try): string {
  return previousToken === undefined ? '' : `, previousToken: "${previousToken}"`;
}

/** Signs in on a device, which then has a token. */
async function tokenOf({ email }: TestUser): Promise<string> {
  const { signIn: payload } = await testApp.data(
    `mutation { signIn(input: { email: "${email}", password: "${password}" }) { token } }`,
  );
  return payload.token;
}

/** Uses up the attempts of the network and of the person's account. */
async function exhaust(): Promise<void> {
  await signIn(times(perAccount, wrong));
  await signIn(Array.from({ length: perAddress }, (_, index) => nobody(index)));
}

async function lift(token: string, userId: string): Promise<unknown> {
  const answer = await testApp.ask(
    `mutation { liftSignInLimit(input: { userId: "${userId}" }) { user { id } userErrors { code } } }`,
    { token },
  );
  return answer.data?.liftSignInLimit ?? null;
}

const wrong = { password: 'wrong' };
const times = (count: number, each: Try): Try[] => Array.from({ length: count }, () => each);
const nobody = (index: number): Try => ({ email: `nobody${index}@example.org` });

describe('sign-in attempts', () => {
  it('are counted one by one within a request', async () => {
    expect(await signIn([...times(99, wrong), {}])).toEqual([
      ...Array<string>(perAccount).fill('UNAUTHENTICATED'),
      ...Array<string>(100 - perAccount).fill('RATE_LIMITED'),
    ]);
  });

  it('over the limit are rejected with the time to wait, without a statement, until then', async () => {
    await signIn(times(perAccount, wrong), { address: '127.0.0.1' });
    testApp.clock.advance(5000);
    const query = `mutation { signIn(input: { email: "${person.email}", password: "${password}" }) {
      token userErrors { code message path } } }`;
    const answer = await testApp.expectStatements(0, () => testApp.data(query));

    expect(answer.signIn).toEqual({
      token: null,
      userErrors: [
        {
          code: 'RATE_LIMITED',
          message: 'Too many sign-in attempts; try again in 15 seconds.',
          path: ['input'],
        },
      ],
    });
    testApp.clock.advance(15_000);
    expect(await signIn([{}], { address: '127.0.0.1' })).toEqual(['OK']);
  });

  it('over the limit of an account are slowed down: one is allowed each interval', async () => {
    await signIn(times(perAccount, wrong));
    testApp.clock.advance(60_000 / perAccount);

    expect(await signIn([wrong, {}])).toEqual(['UNAUTHENTICATED', 'RATE_LIMITED']);
  });

  it('are counted per account and network, in any case of its email', async () => {
    await signIn([...times(perAccount - 1, wrong), { ...wrong, email: person.email.toUpperCase() }]);

    expect(await signIn([{}])).toEqual(['RATE_LIMITED']);
    expect(await signIn([{}], { address: '192.0.2.2' })).toEqual(['OK']);
  });

  it('for one account from many networks are limited together', async () => {
    for (let network = 10; network < 10 + 5; network += 1) {
      await signIn(times(perAccount, wrong), { address: `192.0.2.${network}` });
    }

    expect(await signIn([{}], { address: '192.0.2.99' })).toEqual(['RATE_LIMITED']);
  });

  it('from a device with an earlier session of the account have a limit of their own', async () => {
    const previousToken = await tokenOf(person);
    await exhaust();

    expect(await signIn([{}, { previousToken }, { ...wrong, previousToken }])).toEqual([
      'RATE_LIMITED',
      'OK',
      'UNAUTHENTICATED',
    ]);
    expect(await signIn(times(perAccount, { ...wrong, previousToken }))).toEqual([
      ...Array<string>(perAccount - 1).fill('UNAUTHENTICATED'),
      'RATE_LIMITED',
    ]);
  });

  it('ask the database for a bounded number of unknown tokens of a network', async () => {
    let lookups = 0;
    const stop = testApp.database.observe(({ text }) => {
      if (text.includes('token_hash')) lookups += 1;
    });
    for (let batch = 0; batch < perAddress + 2; batch += 1) {
      const tokens = Array.from({ length: 10 }, (_, index) => String(batch * 10 + index).padStart(43, 'x'));
      await signIn(tokens.map((token) => ({ ...wrong, previousToken: `parley_session_${token}` })));
    }
    stop();

    expect(lookups).toBe(perAddress * 10);
  });

  it('with the token of another account, or of no session, are those of an unknown device', async () => {
    const other = await aUser(testApp, tenant, { passwordHash });
    const foreign = await tokenOf(other);
    await exhaust();

    for (const previousToken of [foreign, `parley_session_${'A'.repeat(43)}`, 'x', '']) {
      expect(await signIn([{ previousToken }])).toEqual(['RATE_LIMITED']);
    }
  });

  it('are forgotten when an admin of the tenant lifts the limit, with an entry in the audit log', async () => {
    const admin = await aUser(testApp, tenant, { role: 'ADMIN' });
    await signIn(times(perAccount, wrong));
    const lifted = await lift(admin.token, person.id);

    expect(lifted).toEqual({ user: { id: person.id }, userErrors: [] });
    expect(await signIn([{}])).toEqual(['OK']);
    expect(
      await testApp.database.query(sql`select actor_id, target, result from audit_log
      where action = 'liftSignInLimit'`),
    ).toEqual([{ actor_id: admin.uuid, target: person.id, result: 'OK' }]);
  });

  it('are forgotten three times in a window: an admin cannot guess passwords by lifting the limit', async () => {
    const admin = await aUser(testApp, tenant, { role: 'ADMIN' });
    for (let time = 0; time < 3; time += 1) {
      await signIn(times(perAccount, wrong));
      expect(await lift(admin.token, person.id)).toMatchObject({ userErrors: [] });
    }
    await signIn(times(perAccount, wrong));

    expect(await lift(admin.token, person.id)).toMatchObject({ userErrors: [{ code: 'RATE_LIMITED' }] });
    expect(await signIn([{}])).toEqual(['RATE_LIMITED']);
  });

  it('are not forgotten for members of other tenants, or by members', async () => {
    const foreignAdmin = await aUser(testApp, await aTenant(testApp), { role: 'OWNER' });
    await signIn(times(perAccount, wrong));
    const member = await aUser(testApp, tenant);

    expect(await lift(foreignAdmin.token, person.id)).toMatchObject({
      userErrors: [{ code: 'NOT_FOUND' }],
    });
    expect(await lift(member.token, person.id)).toBeNull();
    expect(await signIn([{}])).toEqual(['RATE_LIMITED']);
  });

  it('are counted alike for an unknown account', async () => {
    expect(await signIn(times(perAccount + 1, nobody(1)))).toEqual([
      ...Array<string>(perAccount).fill('UNAUTHENTICATED'),
      'RATE_LIMITED',
    ]);
  });

  it("that succeed do not count, and reset the account's count in their network", async () => {
    const spree = [...times(perAccount - 1, wrong), {}];

    expect(await signIn([...spree, ...spree, {}, {}])).not.toContain('RATE_LIMITED');
  });

  it('are counted per address, for all accounts', async () => {
    const answers = await signIn(Array.from({ length: perAddress + 2 }, (_, index) => nobody(index)));

    expect(answers.filter((code) => code === 'RATE_LIMITED')).toHaveLength(2);
    expect(await signIn([{}])).toEqual(['RATE_LIMITED']);
    expect(await signIn([{}], { address: '192.0.2.2' })).toEqual(['OK']);
  });

  it('of an address are not reset by a success', async () => {
    await signIn(Array.from({ length: perAddress - 1 }, (_, index) => nobody(index)));

    expect(await signIn([{}, nobody(100), nobody(101)])).toEqual(['OK', 'UNAUTHENTICATED', 'RATE_LIMITED']);
  });

  it('over the limit of one address do not affect others', async () => {
    await signIn(Array.from({ length: perAddress }, (_, index) => nobody(index)));
    await signIn(times(perAccount, wrong));

    expect(await signIn([{}], { address: '192.0.2.2' })).toEqual(['OK']);
  });
});

describe('the address of an attempt', () => {
  it("is the peer's: a client's own x-forwarded-for is ignored", async () => {
    for (let index = 0; index < perAddress; index += 1) {
      await signIn([nobody(index)], { forwardedFor: `198.51.100.${index}` });
    }

    expect(await signIn([{}], { forwardedFor: '198.51.100.99' })).toEqual(['RATE_LIMITED']);
  });

  it("is the one added by a trusted proxy, not the client's", async () => {
    const viaProxy = (client: string, forged: string) => ({
      address: '10.1.2.3',
      forwardedFor: `${forged}, ${client}`,
    });
    for (let index = 0; index < perAddress; index += 1) {
      await signIn([nobody(index)], viaProxy('192.0.2.1', `198.51.100.${index}`));
    }

    expect(await signIn([{}], viaProxy('192.0.2.1', '198.51.100.99'))).toEqual(['RATE_LIMITED']);
    expect(await signIn([{}], viaProxy('192.0.2.2', '192.0.2.1'))).toEqual(['OK']);
  });

  it('is the /64 network for IPv6', async () => {
    for (let index = 0; index < perAddress; index += 1) {
      await signIn([nobody(index)], { address: `2001:db8:0:1::${index + 1}` });
    }

    expect(await signIn([{}], { address: '2001:db8:0:1:ffff::1' })).toEqual(['RATE_LIMITED']);
    expect(await signIn([{}], { address: '2001:db8:0:2::1' })).toEqual(['OK']);
  });
});

describe('sign-in attempts with Redis', () => {
  it('are counted in Redis, by hashes of email addresses', async () => {
    const redis = await startTestRedis();
    const shared = await startTestApp({ REDIS_URL: redis.url });
    const query = `mutation { signIn(input: { email: "${person.email}", password: "x" }) { token } }`;
    const keys = await vi.waitFor(
      async () => {
        await shared.data(query);
        const found = z.array(z.string()).parse(await redis.command(['KEYS', '*:attempts:*']));
        expect(found).toHaveLength(2);
        return found.toSorted();
      },
      { timeout: 20_000 },
    );
    await shared.close();
    await redis.close();

    expect(keys).toEqual([
      expect.stringMatching(/^[0-9a-f]{16}:parley:attempts:account:[\w-]{43}$/),
      expect.stringMatching(/^[0-9a-f]{16}:parley:attempts:network:127\.0\.0\.1$/),
    ]);
  });
});
