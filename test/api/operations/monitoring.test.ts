import { hostname } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { runParley } from '../../support/parley.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let admin: TestUser;

beforeAll(async () => {
  // Counted is what one executor does.
  testApp = await startTestApp({ EXECUTOR: 'level' });
  tenant = await aTenant(testApp);
  admin = await aUser(testApp, tenant, { isPlatformAdmin: true });
});
afterAll(() => testApp.close());
// Each test looks at minutes of its own.
beforeEach(async () => {
  testApp.clock.advance(3_600_000);
  await testApp.data('{ viewer { id } }', { token: admin.token });
  testApp.clock.advance(60_000);
});

const operations = async (fields: string) =>
  (await testApp.data(`{ operations { ${fields} } }`, { token: admin.token })).operations;

describe('operations.requests', () => {
  const fields =
    'count errors perSecond p50Ms p95Ms p99Ms slow verySlow byOperation { operationName count errors p50Ms p99Ms statementsPerRequest }';
  const requests = async (windowMinutes = 1) =>
    (await operations(`requests(windowMinutes: ${windowMinutes}) { ${fields} }`)).requests;

  it('counts requests by operation name', async () => {
    for (let each = 0; each < 3; each += 1)
      await testApp.ask('query Models { models { id } }', { token: admin.token });
    await testApp.ask('query Search { searchMessages(query: "x") { nodes { id } } }', { token: admin.token });
    await testApp.ask('{ settings { signUpEnabled } }');
    await testApp.ask('{ nonsense }');
    await testApp.server.inject({ method: 'GET', url: '/nothing' });
    await testApp.server.inject({ method: 'GET', url: '/livez' });
    const { byOperation, ...all } = await requests();

    expect(all).toMatchObject({ count: 7, errors: 0, slow: 0, verySlow: 0 });
    expect(all.p50Ms).toBeGreaterThan(0);
    expect(all.p99Ms).toBeGreaterThanOrEqual(all.p95Ms);
    const counts = byOperation.map(({ operationName, count }: { operationName: string; count: number }) => [
      operationName,
      count,
    ]);
    expect(Object.fromEntries(counts)).toEqual({
      Models: 3,
      Search: 1,
      '(anonymous)': 1,
      '(refused)': 1,
      '(http)': 1,
    });
    expect(byOperation).toContainEqual(
      expect.objectContaining({ operationName: 'Search', statementsPerRequest: 1 }),
    );
  });

  it('excludes requests before the window', async () => {
    const names = async (minutes: number) =>
      (await requests(minutes)).byOperation.map((each: { operationName: string }) => each.operationName);
    await testApp.ask('query Early { models { id } }', { token: admin.token });
    testApp.clock.advance(5 * 60_000);
    await testApp.ask('query Late { models { id } }', { token: admin.token });

    expect(await names(5)).toEqual(['Late']);
    expect(await names(6)).toEqual(expect.arrayContaining(['Early', 'Late']));
    expect((await requests(60)).perSecond).toBeGreaterThan(0);
  });

  it.each([0, 61])('rejects a window of %d minutes', async (minutes) => {
    const answer = await testApp.ask(`{ operations { requests(windowMinutes: ${minutes}) { count } } }`, {
      token: admin.token,
    });

    expect(answer.errors?.[0]).toMatchObject({
      message: `\`windowMinutes\` is ${minutes}; it must be between 1 and 60.`,
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });
});

describe('operations.databaseLoad', () => {
  it('reports the statements of requests and those saved by caches', async () => {
    const load = async () =>
      (
        await operations(
          'databaseLoad { statementsPerRequest statementsPerAuthentication statementsSavedByCaches reduction statements { count p50Ms } byStatement(first: 3) { statement count failed p50Ms totalMs } }',
        )
      ).databaseLoad;
    const before = await load();
    // The models and the viewer's identity are both cached.
    for (let each = 0; each < 50; each += 1) await testApp.data('{ models { id } }', { token: admin.token });
    const after = await load();

    expect(after.statementsSavedByCaches).toBeGreaterThanOrEqual(before.statementsSavedByCaches + 99);
    expect(after.statementsPerRequest).toBeLessThan(before.statementsPerRequest);
    expect(after.statementsPerAuthentication).toBeLessThan(0.1);
    expect(after.reduction).toBeGreaterThan(0.7);
    expect(after.statements.count).toBeGreaterThan(0);
    expect(after.byStatement).toHaveLength(3);
    expect(after.byStatement[0].statement).toMatch(/^\w/);
  });
});

describe('operations', () => {
  it('reports the connection pool', async () => {
    const client = await testApp.database.pool.connect();
    const { connectionPool } = await operations(
      'connectionPool { profile size overflow inUse idle waiting timeouts utilization }',
    );
    client.release();

    expect(connectionPool).toMatchObject({
      profile: 'development',
      size: 3,
      overflow: 5,
      inUse: 1,
      waiting: 0,
      timeouts: 0,
      utilization: 1 / 8,
    });
  });

  it('reports executions by executor', async () => {
    const executions = async () => {
      const counts = 'fast unplanned { reason count } handedOver { reason count }';
      const { fast, unplanned, handedOver } = (await operations(`executions { ${counts} }`)).executions;
      const countOf = (all: readonly { reason: string; count: number }[], reason: string): number =>
        all.find((each) => each.reason === reason)?.count ?? 0;
      return [fast, countOf(unplanned, 'introspection'), countOf(handedOver, 'a field threw')];
    };
    const [fast = 0, unplanned = 0, handedOver = 0] = await executions();
    await testApp.data('{ models { id } }', { token: admin.token });
    for (let each = 0; each < 2; each += 1) await testApp.data('{ __schema { queryType { name } } }');
    await testApp.ask('{ conversations(first: 1, last: 1) { totalCount } }', { token: admin.token });

    // The first question is one of the fast ones: it was counted once it had been answered.
    expect(await executions()).toEqual([fast + 2, unplanned + 2, handedOver + 1]);
  });

  it('names the answering process', async () => {
    expect((await operations('process')).process).toBe(`${hostname()}:${process.pid}`);
  });

  it('reports each cache', async () => {
    const { caches } = await operations(
      'caches { name entries hits misses hitRate staleServed coalesced evictions invalidations errors ttlSeconds maxEntries store }',
    );

    expect(new Set(caches.map(({ name }: { name: string }) => name))).toEqual(
      new Set(Object.values(testApp.app.caches).map(({ name }) => name)),
    );
    expect(caches).toContainEqual(
      expect.objectContaining({ name: 'SETTINGS', maxEntries: 1, ttlSeconds: 300, store: 'memory' }),
    );
  });

  it('reports the health of every dependency', async () => {
    const { health } = await operations(
      'health { status uptimeSeconds version components { name status message latencyMs } }',
    );

    expect(health).toMatchObject({ status: 'HEALTHY', version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(health.uptimeSeconds).toBeGreaterThanOrEqual(3600);
    expect(health.components.map(({ name }: { name: string }) => name)).toEqual([
      'database',
      'schema',
      'caches',
      'migrations',
      'identity sync',
    ]);
    expect(health.components[0].latencyMs).toBeGreaterThan(0);
  });

  it('names a pending migration', async () => {
    await testApp.database.pool.query(
      "update _prisma_migrations set finished_at = null where migration_name like '%_first_tables'",
    );
    const { health } = await operations('health { status components { name status message } }');
    await testApp.database.pool.query(
      'update _prisma_migrations set finished_at = now() where finished_at is null',
    );

    expect(health.status).toBe('DEGRADED');
    expect(health.components).toContainEqual({
      name: 'migrations',
      status: 'DEGRADED',
      message: expect.stringMatching(/^\d+_first_tables is not applied\.$/),
    });
  });
});

describe('parley monitor', { timeout: 60_000 }, () => {
  let address: string;

  beforeAll(async () => {
    address = await testApp.server.listen({ host: '127.0.0.1', port: 0 });
  });

  it.each([
    ['cache', /^SETTINGS +memory /m],
    ['auth', /^ *statements per request.*\n(?:.*\n)*.*attempted/m],
  ])('shows the counters of a running server: %s', async (view, expected) => {
    const args = ['monitor', view, '--url', `${address}/graphql`, '--token', '-'];
    const { code, output } = await runParley(
      args,
      { DATABASE_URL: testApp.database.url },
      `${admin.token}\n`,
    );

    expect(output).toMatch(expected);
    expect(code).toBe(0);
  });
});
