import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSession, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let user: TestUser;

beforeAll(async () => {
  testApp = await startTestApp({ EXECUTOR: 'level', QUERY_ALIASES_MAX: '0' });
  tenant = await aTenant(testApp);
  user = await aUser(testApp, tenant, { role: 'OWNER' });
});
afterAll(() => testApp.close());

async function scrape(app = testApp): Promise<string> {
  const response = await app.server.inject({ method: 'GET', url: '/metrics' });
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  return response.payload;
}

/** The value of one series, as it is written; null when there is none. */
async function valueOf(series: string): Promise<number | null> {
  const line = (await scrape()).split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

const ask = (query: string, token = user.token) => testApp.ask(query, { token });
const operationsIn = (text: string) =>
  new Set([...text.matchAll(/^parley_requests_total\{operation="([^"]*)"/gm)].map(([, name]) => name));

describe('/metrics', () => {
  it('counts requests by operation and outcome', async () => {
    await ask('query Counted { models { id } }');
    await ask('query Counted { operations { health { status } } }');
    const of = (outcome: string) =>
      valueOf(`parley_requests_total{operation="Counted",outcome="${outcome}"}`);

    expect([await of('ok'), await of('refused'), await of('failed')]).toEqual([1, 1, 0]);
    expect(await valueOf('parley_errors_total{code="FORBIDDEN"}')).toBe(1);
    expect(await valueOf('parley_request_duration_seconds_count{operation="Counted"}')).toBe(2);
    expect(await valueOf('parley_request_duration_seconds_bucket{operation="Counted",le="+Inf"}')).toBe(2);
  });

  it('counts operations by executor', async () => {
    const counts = async () => [
      await valueOf('parley_executions_total{way="fast",reason=""}'),
      await valueOf('parley_executions_total{way="unplanned",reason="introspection"}'),
      await valueOf('parley_executions_total{way="handed_over",reason="a field threw"}'),
    ];
    const [fast = 0, unplanned = 0, handedOver = 0] = (await counts()).map(Number);
    await ask('{ models { id } }');
    await ask('mutation { signOut { userErrors { code } } }', await aSession(testApp, tenant, user));
    await ask('{ __schema { queryType { name } } }');
    await ask('{ conversations(first: 1, last: 1) { totalCount } }');

    expect(await counts()).toEqual([fast + 2, unplanned + 1, handedOver + 1]);
  });

  it('counts rejected operations by code', async () => {
    await ask('{ models { id } }', 'parley_session_wrong');

    expect(await valueOf('parley_errors_total{code="UNAUTHENTICATED"}')).toBe(1);
  });

  it('counts statements by purpose', async () => {
    const before = (await valueOf('parley_statements_total{purpose="request"}')) ?? 0;
    await ask('query Two { conversations(first: 1) { nodes { id } totalCount } }');

    expect(await valueOf('parley_request_statements_total{operation="Two"}')).toBe(2);
    expect(await valueOf('parley_statements_total{purpose="request"}')).toBe(before + 2);
    expect(await valueOf('parley_statement_duration_seconds_count')).toBeGreaterThanOrEqual(before + 2);
  });

  it('has no Redis metric without Redis, which would raise an alert', async () => {
    expect(await scrape()).not.toMatch(/^parley_redis_up/m);
  });

  it('contains nothing about a tenant', async () => {
    await ask('query Told($name: String) { users(search: $name) { nodes { email } } }');
    const text = await scrape();

    for (const secret of [tenant.uuid, tenant.slug, user.uuid, user.email, user.token]) {
      expect(text).not.toContain(secret);
    }
  });

  it('is valid for Prometheus: every line is a comment or a sample of a described metric', async () => {
    const lines = (await scrape()).split('\n').filter((line) => line !== '');
    const types = new Map<string, string>();
    for (const line of lines) {
      const [, described = '', type = ''] = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line) ?? [];
      if (type !== '') expect(types.has(described)).toBe(false);
      if (type !== '') types.set(described, type);
      if (line.startsWith('#')) continue;
      const [, name = ''] = /^(\w+)(?:\{(?:\w+="[^"]*",?)+\})? -?[\d.e+-]+$/.exec(line) ?? [];
      const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
      expect(types.has(family), line).toBe(true);
    }
    expect(types.size).toBeGreaterThan(25);
  });
});

describe('operation names', () => {
  it('are limited per caller', async () => {
    const [victim, attacker] = [user, await aUser(testApp, tenant)];
    for (let each = 0; each < 30; each += 1) await ask(`query Made${each} { __typename }`, attacker.token);
    await ask('query Unseen { __typename }', victim.token);
    const operations = operationsIn(await scrape());

    expect([...operations].filter((name) => name?.startsWith('Made'))).toHaveLength(20);
    expect(operations).toContain('Unseen');
    expect(await valueOf('parley_requests_total{operation="(other)",outcome="ok"}')).toBe(10);
  });

  it('include only executed operations', async () => {
    await ask('query Refused { nonsense }');
    await ask(`query ${'L'.repeat(65)} { __typename }`);

    expect(operationsIn(await scrape())).not.toContain('Refused');
    expect(operationsIn(await scrape())).not.toContain('L'.repeat(65));
    expect(operationsIn(await scrape())).toContain('(refused)');
  });

  it('exclude those of anonymous callers and of rejected operations', async () => {
    await testApp.ask('query Stranger { __typename }');
    await ask('query Forbidden { operations { health { status } } }');
    const operations = operationsIn(await scrape());

    expect(operations).not.toContain('Stranger');
    expect(operations).not.toContain('Forbidden');
    await ask('query Forbidden { __typename }');
    await testApp.ask('query Forbidden { __typename }');
    expect(await valueOf('parley_requests_total{operation="Forbidden",outcome="ok"}')).toBe(2);
  });

  it('are separate from the first request on when trusted documents name them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-trusted-'));
    const file = join(folder, 'manifest.json');
    const names = Array.from({ length: 201 }, (_, index) => `Known${index}`);
    const operations = names.map((name) => ({
      id: name,
      name,
      type: 'query',
      body: `query ${name} { __typename }`,
    }));
    const manifest = { format: 'apollo-persisted-query-manifest', version: 1, operations };
    await writeFile(file, JSON.stringify(manifest));
    const trusting = await startTestApp({ TRUSTED_DOCUMENTS_FILE: file });
    await trusting.ask('query Known200 { __typename }');
    await trusting.ask('query Known0 { nonsense }');
    const text = await scrape(trusting);
    await trusting.close();
    await rm(folder, { recursive: true });

    expect(text).toContain('parley_requests_total{operation="Known200",outcome="ok"} 1');
    expect(text).toContain('parley_requests_total{operation="Known0",outcome="refused"} 1');
  });
});

describe('access to the metrics', () => {
  it.each([
    ['another machine', { remoteAddress: '192.0.2.7' }],
    ['whoever comes through a proxy of this machine', { headers: { 'x-forwarded-for': '192.0.2.7' } }],
  ])('is not %s', async (_name, request) => {
    const response = await testApp.server.inject({ method: 'GET', url: '/metrics', ...request });

    expect(response.statusCode).toBe(403);
    expect(response.json().errors[0].extensions.code).toBe('FORBIDDEN');
  });

  it('requires the token', async () => {
    const guarded = await startTestApp({ METRICS_TOKEN: 'a-token-of-sixteen' });
    const statusWith = async (authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization };
      const request = { method: 'GET', url: '/metrics', headers, remoteAddress: '192.0.2.7' } as const;
      return (await guarded.server.inject(request)).statusCode;
    };

    expect(await statusWith('Bearer a-token-of-sixteen')).toBe(200);
    expect(await statusWith('Bearer a-token-of-sixteem')).toBe(401);
    expect(await statusWith()).toBe(401);
    await guarded.close();
  });

  it('is impossible when metrics are off', async () => {
    const without = await startTestApp({ METRICS_ENABLED: 'false' });

    expect((await without.server.inject({ method: 'GET', url: '/metrics' })).statusCode).toBe(404);
    await without.close();
  });
});

describe('the dashboard and the alerts', () => {
  const deploy = join(import.meta.dirname, '../../../deploy');
  const files = readdirSync(deploy, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(json|yml)$/.test(file),
  );
  const expressions = files.flatMap((file) =>
    [
      ...readFileSync(join(deploy, file), 'utf8').matchAll(
        /"expr": "(.*)"|expr: (?:>-\n)?((?:.*\n)*?)(?= +(?:for|labels):)/g,
      ),
    ].map(([, json, yaml = '']) => (json === undefined ? yaml : json.replaceAll(String.raw`\"`, '"'))),
  );
  const selectors = expressions.flatMap((text) => [
    ...text.matchAll(/\b((?:parley|process|nodejs)_\w+)(?:\{([^}]*)\})?/g),
  ]);

  it('use many metrics', () => {
    expect(expressions.length).toBeGreaterThan(35);
    expect(new Set(selectors.map(([, name]) => name)).size).toBeGreaterThan(20);
  });

  it('use only metrics, labels and values that exist', async () => {
    await ask('query Watched { models { id } }');
    const text = await scrape();
    const missing = selectors.filter(([, name = '', matchers = '']) => {
      const family = name.replace(/_(bucket|sum|count)$/, '');
      if (!text.includes(`# TYPE ${name} `) && !text.includes(`# TYPE ${family} histogram`)) return true;
      const pairs = [...matchers.matchAll(/(\w+)="([^"]*)"/g)].filter(
        ([, label = '']) => !['instance', 'job'].includes(label),
      );
      const samples = text.split('\n').filter((line) => line.startsWith(`${name}{`));
      return !pairs.every(([pair]) => samples.some((sample) => sample.includes(pair)));
    });

    expect(missing.map(([selector]) => selector)).toEqual([]);
  });

  it('have balanced brackets', () => {
    const unbalanced = expressions.filter((text) =>
      (['()', '{}', '[]'] as const).some(
        ([open, close]) => text.split(String(open)).length !== text.split(String(close)).length,
      ),
    );

    expect(unbalanced).toEqual([]);
  });
});
