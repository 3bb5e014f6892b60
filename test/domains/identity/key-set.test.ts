import { errors, jwtVerify } from 'jose';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { KeySet } from '../../../src/domains/identity/key-set.ts';
import { TestClock } from '../../support/clock.ts';
import { deferred } from '../../support/deferred.ts';
import { aProviderKey, signWith, type ProviderKey } from '../../support/identity-provider.ts';

const second = 1000;
const day = 86_400 * second;

let clock: TestClock;
let published: ProviderKey[];
let readings: number;
let read: () => Promise<string>;
let keys: KeySet;

beforeEach(async () => {
  clock = new TestClock();
  published = [await aProviderKey('one')];
  readings = 0;
  read = async () => JSON.stringify({ keys: published.map(({ publicJwk }) => publicJwk) });
  keys = new KeySet({
    read: () => {
      readings += 1;
      return read();
    },
    clock,
    logger: pino({ level: 'silent' }),
  });
});

/** Whether a token signed with this key is known to be the provider's. */
async function accepts(key: ProviderKey): Promise<boolean> {
  const token = await signWith(key, { sub: 'user_1' });
  return jwtVerify(token, keys.find).then(
    () => true,
    (error: unknown) => {
      if (error instanceof errors.JOSEError) return false;
      throw error;
    },
  );
}

function first(): ProviderKey {
  const [key] = published;
  if (key === undefined) throw new Error('Nothing is published.');
  return key;
}

const fail = () => Promise.reject(new Error('The provider is down.'));

describe('the keys of a provider', () => {
  it('are fetched once for 50 concurrent first tokens', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => accepts(first())));

    expect(new Set(answers)).toEqual(new Set([true]));
    expect(readings).toBe(1);
  });

  it('stay valid for days while the provider is down', async () => {
    await accepts(first());
    read = fail;
    for (let hours = 0; hours < 72; hours += 1) {
      clock.advance(day / 24);
      expect(await accepts(first())).toBe(true);
    }
    expect(readings).toBeGreaterThan(50);
  });

  it.each(['', '{}', '{"keys":[]}', '{"keys":{}}', '<html>', '[]'])(
    'are not replaced by a response without keys: %s',
    async (answer) => {
      await accepts(first());
      read = async () => answer;
      clock.advance(day);
      await accepts(first());
      await accepts(await aProviderKey('unknown'));

      expect(await accepts(first())).toBe(true);
    },
  );

  it('are fetched again for the first token with a new key', async () => {
    await accepts(first());
    const next = await aProviderKey('two');
    published = [...published, next];
    clock.advance(10 * second);

    expect(await accepts(next)).toBe(true);
    expect(readings).toBe(2);
  });

  it('are rejected when withdrawn, once they are fetched again', async () => {
    const old = first();
    await accepts(old);
    const { generation } = keys;
    published = [await aProviderKey('two')];
    clock.advance(10 * 60 * second);
    await accepts(old);
    await accepts(first());

    expect(await accepts(old)).toBe(false);
    expect(keys.generation).toBe(generation + 1);
  });

  it('are not fetched for made-up key IDs', async () => {
    await accepts(first());
    clock.advance(60 * second);
    const inventions = await Promise.all(
      Array.from({ length: 20 }, (_, index) => aProviderKey(`x${index}`, 'ES256')),
    );
    for (let round = 0; round < 10; round += 1) await Promise.all(inventions.map(accepts));

    expect(readings).toBe(2);
    clock.advance(10 * second);
    await Promise.all(inventions.map(accepts));
    expect(readings).toBe(3);
  });

  it('verify without waiting while an unknown key is being fetched', async () => {
    await accepts(first());
    const answer = deferred<string>();
    read = () => answer.promise;
    clock.advance(10 * second);
    const unknown = accepts(await aProviderKey('unknown', 'ES256'));

    expect(await accepts(first())).toBe(true);
    answer.reject(new Error('The provider is down.'));
    expect(await unknown).toBe(false);
  });

  it('lead to UNAVAILABLE, not to a rejection, when they were never fetched', async () => {
    read = fail;
    await expect(accepts(first())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(accepts(first())).rejects.toMatchObject({ code: 'UNAVAILABLE' });

    expect(readings).toBe(1);
    read = async () => JSON.stringify({ keys: published.map(({ publicJwk }) => publicJwk) });
    clock.advance(second);
    expect(await accepts(first())).toBe(true);
  });
});
