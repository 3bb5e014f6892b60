import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aTenant } from '../support/builders.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.ts';
import { idleQuery, measureIdentityCost, type IdentityWorkload } from '../support/identity-workload.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const workload = { people: 50, requests: 1000, tokensPerPerson: 1, changedPeople: 0, run: 1 };

let provider: TestIdentityProvider;

beforeAll(async () => {
  provider = await startIdentityProvider();
});
afterAll(() => provider.close());

/** A server that has just started, on a database that has seen the fifty people within the hour. */
async function startAmongAcquaintances(environment: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const testApp = await startTestApp({ ...provider.environment, ...environment });
  provider.clock = testApp.clock;
  const { uuid } = await aTenant(testApp, 'acme');
  await testApp.database.query(sql`update tenants set external_id = 'org_acme' where id = ${uuid}::uuid`);
  await measure(testApp, { ...workload, requests: 50, run: 0 });
  await testApp.app.caches.identities.invalidate('all');
  return testApp;
}

function measure(testApp: TestApp, changes: Partial<IdentityWorkload> = {}) {
  return measureIdentityCost({ ...testApp, provider }, { ...workload, ...changes }, async (token) => {
    const { data } = await testApp.ask(idleQuery, { token });
    return data?.__typename === 'Query' ? 200 : 401;
  });
}

describe('a thousand requests of fifty users', () => {
  let testApp: TestApp;

  beforeAll(async () => {
    testApp = await startAmongAcquaintances();
  });
  afterAll(() => testApp.close());

  it('cost one statement per user after a start', async () => {
    expect(await measure(testApp)).toEqual({
      requests: 1000,
      refused: 0,
      statements: 50,
      statementsPerRequest: 0.05,
      hitRate: 0.95,
      skipRate: 1,
    });
  });

  it('cost nothing afterwards, also with ten tokens per user', async () => {
    expect(await measure(testApp, { tokensPerPerson: 10, run: 2 })).toEqual({
      requests: 1000,
      refused: 0,
      statements: 0,
      statementsPerRequest: 0,
      hitRate: 1,
      skipRate: 1,
    });
  });

  it('cost only the writes when the provider changed a few users', async () => {
    const cost = await measure(testApp, { changedPeople: 5, tokensPerPerson: 10, run: 3 });

    // For each of the five: the transaction of five statements that writes, and one that reads again.
    expect(cost).toMatchObject({ refused: 0, statements: 30, statementsPerRequest: 0.03, skipRate: 0.995 });
    expect(cost.hitRate).toBeCloseTo(1000 / 1005);
  });
});

describe('a thousand requests without caches', () => {
  it('cost a statement each', async () => {
    const testApp = await startAmongAcquaintances({ CACHE_ENABLED: 'false' });
    const cost = await measure(testApp);
    await testApp.close();

    expect(cost).toEqual({
      requests: 1000,
      refused: 0,
      statements: 1000,
      statementsPerRequest: 1,
      hitRate: 0,
      skipRate: 1,
    });
  });
});
