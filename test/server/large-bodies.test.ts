import { PassThrough } from 'node:stream';
import { setImmediate as turnsEnd } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LargeBodies } from '../../src/server/hooks/large-bodies.ts';
import { aTenant, aUser } from '../support/builders.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const kilobytes = (count: number) => Buffer.alloc(count * 1024, 'x');

/** A body that arrives in parts, and the errors that its receiver gets. */
function open(bodies: LargeBodies, isKnown = true) {
  const payload = new PassThrough();
  const errors: (Error | null)[] = [];
  payload.on('error', (error) => errors.push(error)).resume();
  bodies.admit({ headers: { 'transfer-encoding': 'chunked' } }, payload, isKnown, (error) => {
    if (error !== null) errors.push(error);
  });
  return { payload, errors };
}

describe('unfinished bodies', () => {
  it('are refused once all together are too large, without their first 16 kB', async () => {
    const bodies = new LargeBodies(200 * 1024);
    const small = Array.from({ length: 50 }, () => open(bodies));
    for (const { payload } of small) payload.write(kilobytes(16));
    const first = open(bodies);
    first.payload.write(kilobytes(16 + 150));
    await turnsEnd();
    expect(bodies.bytes).toBe(150 * 1024);
    const second = open(bodies);
    second.payload.write(kilobytes(16 + 60));
    await turnsEnd();

    expect(second.errors).toMatchObject([{ status: 503, code: 'UNAVAILABLE' }]);
    expect([first, ...small].flatMap(({ errors }) => errors)).toEqual([]);
    expect(bodies.bytes).toBe(150 * 1024);
    first.payload.end();
    await expect.poll(() => bodies.bytes).toBe(0);
  });

  it('without a credential are refused beyond 16 kB, also without a length', async () => {
    const bodies = new LargeBodies();
    const { payload, errors } = open(bodies, false);
    payload.write(kilobytes(16));
    await turnsEnd();
    expect(errors).toEqual([]);
    payload.write(kilobytes(1));
    await turnsEnd();

    expect(errors).toMatchObject([{ status: 413 }]);
    expect(bodies.bytes).toBe(0);
  });
});

describe('a body of more than 16 kB', () => {
  let testApp: TestApp;
  beforeAll(async () => {
    testApp = await startTestApp({});
  });
  afterAll(() => testApp.close());

  it('is read from an authenticated caller only', async () => {
    const { token } = await aUser(testApp, await aTenant(testApp));
    const post = (headers: Readonly<Record<string, string>>) =>
      testApp.server.inject({
        method: 'POST',
        url: '/graphql',
        headers,
        payload: { query: '{ settings { maxMessageLength } }', unknown: 'x'.repeat(20_000) },
      });

    expect((await post({ authorization: `Bearer ${token}` })).statusCode).toBe(200);
    const refused = await post({});
    expect(refused.statusCode).toBe(413);
    expect(refused.json().errors[0].message).toBe(
      'Without a valid credential a body may have 16384 bytes; this one is larger.',
    );
    const wrong = await post({ authorization: 'Bearer unknown' });
    expect(wrong.statusCode).toBe(401);
  });
});
