import { pino } from 'pino';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { rolesWith } from '../../../src/domains/identity/claims.ts';
import { KeySet } from '../../../src/domains/identity/key-set.ts';
import { createTokenVerifier, type VerifyToken } from '../../../src/domains/identity/token-verifier.ts';
import { TestClock } from '../../support/clock.ts';
import { aProviderKey, issuer, signWith, type ProviderKey } from '../../support/identity-provider.ts';

const second = 1000;

let clock: TestClock;
let published: ProviderKey[];
let key: ProviderKey;
let keys: KeySet;
let verify: VerifyToken;

beforeEach(async () => {
  clock = new TestClock();
  key = await aProviderKey('one');
  published = [key];
  const logger = pino({ level: 'silent' });
  const read = async () => JSON.stringify({ keys: published.map(({ publicJwk }) => publicJwk) });
  keys = new KeySet({ read, clock, logger });
  const rules = { issuer, audiences: [], authorizedParties: [], algorithms: ['RS256'] };
  const policy = { roles: rolesWith([]), areEmailsVerified: false };
  verify = createTokenVerifier({ rules, policy, keys, clock, logger });
});

const aToken = (changes: Record<string, unknown> = {}) =>
  signWith(key, { iss: issuer, sub: 'user_1', exp: clock.now() / second + 3600, ...changes });

describe('a valid token', () => {
  it('is verified once', async () => {
    await verify(await aToken({ sub: 'user_2' }));
    const find = vi.spyOn(keys, 'find');
    const token = await aToken();
    const first = await verify(token);

    expect(await verify(token)).toBe(first);
    expect(find).toHaveBeenCalledTimes(1);
  });

  it('is rejected after its key was withdrawn, although it is cached', async () => {
    const token = await aToken();
    await verify(token);
    published = [await aProviderKey('two')];
    clock.advance(600 * second);
    await verify(token);

    await vi.waitFor(() => expect(keys.generation).toBe(2));
    await expect(verify(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('has updated_at in seconds, milliseconds or text', async () => {
    const times = [1_700_000_000, 1_700_000_000_000, '1700000000', '2023-11-14T22:13:20Z'];
    const claims = await Promise.all(times.map(async (time) => verify(await aToken({ updated_at: time }))));

    expect(claims.map(({ profile }) => profile.updatedAt?.getTime())).toEqual(
      times.map(() => 1_700_000_000_000),
    );
  });

  it.each([[{}], [[]], ['soon'], [-1], [1e300], [null], [true]])('has no updated_at for %j', async (time) => {
    expect((await verify(await aToken({ updated_at: time }))).profile.updatedAt).toBeNull();
  });

  it.each([
    [
      { org_id: 'org_1', org_slug: 'acme', org_role: 'org:admin' },
      { id: 'org_1', slug: 'acme', role: 'ADMIN' },
    ],
    [{ o: { id: 'org_1', slg: 'acme', rol: 'admin' } }, { id: 'org_1', slug: 'acme', role: 'ADMIN' }],
    [
      { o: { id: 'org_1' }, org_slug: 'other', org_role: 'admin' },
      { id: 'org_1', slug: null, role: 'MEMBER' },
    ],
    [{ org_slug: 'acme' }, { id: 'slug:acme', slug: 'acme', role: 'MEMBER' }],
    [{ org_id: null, org_slug: null, org_role: null }, null],
    [{ org_id: '', org_slug: '', org_role: '' }, null],
    [{ o: null }, null],
    [{}, null],
  ])('names its organisation by %j', async (claims, organisation) => {
    expect((await verify(await aToken(claims))).organisation).toEqual(organisation);
  });

  it.each([
    { email: 5 },
    { given_name: {} },
    { family_name: 'x'.repeat(101) },
    { email: 'no address', email_verified: true },
  ])('is good without what is of no use in %j', async (claims) => {
    const { profile } = await verify(await aToken(claims));

    expect(profile).toEqual({ email: undefined, firstName: undefined, lastName: undefined, updatedAt: null });
  });
});
