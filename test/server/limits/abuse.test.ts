import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { abuses, abusiveHeaders } from '../../support/abuses.ts';
import { aTenant, aUser } from '../../support/builders.ts';
import { speak } from '../../support/front-door.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

/** Of the processor, so that it does not matter what else runs on the machine. */
const patienceMs = 500;
const memoryMax = 50 * 1024 * 1024;

let testApp: TestApp;
let origin: string;
let token: string;
let memoryBefore: number;

beforeAll(async () => {
  testApp = await startTestApp({ INTROSPECTION_ENABLED: 'false' });
  origin = await testApp.server.listen({ host: '127.0.0.1', port: 0 });
  ({ token } = await aUser(testApp, await aTenant(testApp)));
  await testApp.data('{ conversations { nodes { id } } }', { token });
  memoryBefore = memoryInUse();
});
afterAll(() => testApp.close());

describe('an abusive request', () => {
  it.each(Object.entries(abuses))(
    'is rejected quickly, with a code and without SQL: %s',
    async (_name, abuse) => {
      const startedAt = process.cpuUsage();
      const response = await testApp.expectStatements(0, () =>
        fetch(`${origin}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...abuse.headers },
          body: abuse.body,
        }),
      );
      const { user, system } = process.cpuUsage(startedAt);
      const { data, errors } = JSON.parse(await response.text());

      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      expect(errors[0].extensions.code).toMatch(/^(QUERY_TOO_COMPLEX|BAD_USER_INPUT)$/);
      expect(data).toBeUndefined();
      expect((user + system) / 1000).toBeLessThan(patienceMs);
    },
  );

  it.each(Object.entries(abusiveHeaders))(
    'is rejected while its headers arrive: %s',
    async (_name, headers) => {
      const answer = await speak(origin, `POST /graphql HTTP/1.1\r\nhost: x\r\n${headers}\r\n`);

      expect(answer).toMatch(/^HTTP\/1\.1 431 /);
      expect(answer).toContain('"code":"BAD_USER_INPUT"');
    },
  );

  it('keeps no memory, and does not affect other requests', async () => {
    const grown = memoryInUse() - memoryBefore;

    expect(grown).toBeLessThan(memoryMax);
    expect(await testApp.data('{ conversations { nodes { id } } }', { token })).toEqual({
      conversations: { nodes: [] },
    });
  });

  it('is one of thirty', () => {
    expect(Object.keys(abuses).length).toBeGreaterThanOrEqual(30);
  });
});

/** After a collection of garbage, so that what is counted is what is kept. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
