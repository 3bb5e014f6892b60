import { connect, type Socket } from 'node:net';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/app/config/config.ts';
import { failureOf, openFrontDoor, secret } from '../support/front-door.ts';

type FrontDoor = Awaited<ReturnType<typeof openFrontDoor>>;

const preflighted = { 'apollo-require-preflight': 'true' };

let door: FrontDoor;
beforeAll(async () => {
  door = await openFrontDoor();
});
afterAll(() => door.close());

describe('the request id', () => {
  it("is the client's if valid, otherwise a new one, and always in the response", async () => {
    const own = await door.post('{', { 'x-request-id': 'trace-7.A_b' });
    expect(own.headers.get('x-request-id')).toBe('trace-7.A_b');
    expect((await failureOf(own)).requestId).toBe('trace-7.A_b');

    for (const bad of ['a b', 'x'.repeat(65), '{"level":60}']) {
      const made = await door.post({ query: '{ hello }' }, { 'x-request-id': bad });
      expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe('limits', () => {
  it('leave room for introspection', async () => {
    const response = await door.post({
      query: getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true }),
    });

    expect(await response.json()).toHaveProperty('data.__schema');
  });
});

describe('without explorers', () => {
  it('reveals nothing about the schema', async () => {
    const closed = await openFrontDoor({
      config: readConfig({ NODE_ENV: 'production', DATABASE_URL: 'postgres://unused' }),
      demo: null,
    });
    const introspection = await failureOf(await closed.post({ query: '{ __schema { types { name } } }' }));
    const typo = await failureOf(await closed.post({ query: '{ helo }' }));
    await closed.close();

    expect(introspection).toMatchObject({ code: 'BAD_USER_INPUT', data: undefined });
    expect(introspection.message).toContain('introspection is off');
    expect(typo.message).toBe('Cannot query field "helo" on type "Query".');
  });
});

describe('health', () => {
  it('reports that the process is alive, without checking dependencies', async () => {
    const sick = await openFrontDoor({ isReady: () => Promise.reject(new Error(secret)) });
    const response = await fetch(`${sick.origin}/livez`);
    const unready = await failureOf(await fetch(`${sick.origin}/readyz`));
    await sick.close();

    expect(response.status).toBe(200);
    expect(unready).toMatchObject({ status: 500, code: 'INTERNAL_SERVER_ERROR' });
    expect(unready.text).not.toContain(secret);
  });

  it('names the part that is not ready', async () => {
    const readiness = {
      ready: false,
      components: [{ name: 'database', status: 'UNHEALTHY', message: 'No connection within 2 s.' }],
    } as const;
    const sick = await openFrontDoor({ isReady: async () => readiness });
    const response = await fetch(`${sick.origin}/readyz`);
    await sick.close();

    expect(response.status).toBe(503);
    expect(await response.json()).toEqual(readiness);
    expect((await fetch(`${door.origin}/readyz`)).status).toBe(200);
  });
});

describe('every answer', () => {
  it.each(['/graphql?query={hello}', '/livez', '/nothing'])(
    'carries the security headers: %s',
    async (path) => {
      const { headers } = await fetch(door.origin + path, { headers: preflighted });

      expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );

  it('to an operation has the headers of a rejection', async () => {
    const namesOf = ({ headers }: Response) => [...headers.keys()].toSorted();
    const answered = await door.post({ query: '{ hello }' });
    const refused = await door.post({ query: 7 });

    expect([answered.status, refused.status]).toEqual([200, 400]);
    expect(namesOf(answered)).toEqual(namesOf(refused));
    expect(namesOf(answered)).toEqual(
      expect.arrayContaining(['x-frame-options', 'x-request-id', 'server-timing']),
    );
  });
});

describe('closing', () => {
  it('completes requests in flight, then stops', async () => {
    let admit = () => {};
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const admitted = new Promise<null>((resolve) => (admit = () => resolve(null)));
    const closing = await openFrontDoor({
      authenticate: () => {
        arrive();
        return admitted;
      },
    });
    const pending = closing.post({ query: '{ hello }' });
    await arrived;
    const closed = closing.close();
    admit();

    expect(await (await pending).json()).toEqual({ data: { hello: 'world' } });
    await closed;
    await expect(closing.post({ query: '{ hello }' })).rejects.toThrow();
  });

  it('completes a request that was still arriving, and closes its connection', async () => {
    const closing = await openFrontDoor();
    const socket = connect(Number(new URL(closing.origin).port), '127.0.0.1');
    const accepted = new Promise<Socket>((resolve) => closing.server.once('connection', resolve));
    socket.write('GET /livez HTTP/1.1\r\n');
    const peer = await accepted;
    // The server closes idle connections immediately, so it must have read the first line of this one.
    await expect.poll(() => peer.bytesRead).toBeGreaterThan(0);
    const closed = closing.close();
    socket.write('host: parley\r\n\r\n');
    const answer = (await socket.toArray()).join('');
    await closed;

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('connection: close');
    expect(answer).toContain('{"status":"alive"}');
  });
});
