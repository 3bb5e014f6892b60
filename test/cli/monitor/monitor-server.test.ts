import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { authSection } from '../../../src/cli/monitor/auth-section.ts';
import { cacheSection } from '../../../src/cli/monitor/cache-section.ts';
import { runParley } from '../../support/parley.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

/** Stands for a server, because the numbers that need a person take a long time to come about. */
let server: Server;
let url: string;
let answer: unknown;
let asked: { readonly token: string | undefined; readonly query: string };

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      asked = { token: request.headers.authorization, query: JSON.parse(body).query };
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/graphql`;
});
afterAll(() => server.close());
beforeEach(() => (answer = { data: { operations: { caches: [cache] } } }));

const cache = {
  name: 'PROFILES',
  entries: 12,
  hits: 900,
  misses: 100,
  hitRate: 0.9,
  staleServed: 0,
  coalesced: 3,
  evictions: 0,
  invalidations: 4,
  errors: 0,
  ttlSeconds: 300,
  maxEntries: 10_000,
  store: 'memory',
};
const sync = {
  attempted: 100,
  performed: 10,
  skipped: 85,
  created: 1,
  failed: 0,
  staleServed: 0,
  skipRate: 0.85,
};
const load = {
  statementsPerRequest: 1.5,
  statementsPerAuthentication: 0.02,
  statementsSavedByCaches: 4000,
  reduction: 0.9,
};

const look = () => cacheSection({ url, token: 'secret' }, { isUnknown: true });
const shown = async () => {
  const { tables, findings } = await look();
  return { cells: tables[0]?.cells[0]?.map(({ text }) => text), findings };
};

describe('the caches', () => {
  it('are shown as the server counts them', async () => {
    expect(await shown()).toEqual({
      cells: ['PROFILES', 'memory', '12', '10,000', '900', '100', '90.0 %', '0', '0', '4', '0'],
      findings: [],
    });
    expect(asked.token).toBe('Bearer secret');
    expect(asked.query).toContain('caches { name entries hits misses hitRate staleServed');
  });

  it.each([
    [{ hits: 300, misses: 700, hitRate: 0.3 }, 'time to live is too short'],
    [{ hits: 300, misses: 700, hitRate: 0.3, evictions: 600 }, 'too small'],
    [{ errors: 11 }, 'Redis'],
  ])('need a person: %j', async (numbers, advice) => {
    answer = { data: { operations: { caches: [{ ...cache, ...numbers }] } } };

    expect((await shown()).findings).toEqual([
      expect.objectContaining({
        severity: 'warning',
        subject: 'PROFILES',
        advice: expect.stringContaining(advice),
      }),
    ]);
  });

  it('need nobody before there is something to tell by', async () => {
    answer = { data: { operations: { caches: [{ ...cache, hits: 0, misses: 999, hitRate: 0 }] } } };

    expect((await shown()).findings).toEqual([]);
  });

  it.each([
    [
      'refuses the token',
      { errors: [{ message: 'This is for admins.' }], data: { operations: null } },
      'refuses: This is for admins.',
    ],
    [
      'knows no caches',
      { errors: [{ message: 'Cannot query field "caches" on type "Operations".' }] },
      'does not tell about caches',
    ],
    ['is something else', '<html>', 'is no Parley'],
    [
      'counts otherwise',
      { data: { operations: { caches: [{ name: 'PROFILES' }] } } },
      'not what this version',
    ],
  ])('are unknown where the server %s', async (_name, answered, note) => {
    answer = answered;

    expect(await look()).toMatchObject({
      isUnknown: true,
      notes: [expect.stringContaining(note)],
      tables: [],
    });
  });

  it('are unknown where nothing answers', async () => {
    const section = await cacheSection(
      { url: 'http://127.0.0.1:9999/graphql', token: 'x' },
      { isUnknown: true },
    );

    expect(section).toMatchObject({ isUnknown: true, notes: [expect.stringContaining('ECONNREFUSED')] });
  });
});

describe('the credentials', () => {
  const queries = {
    credentials: async () => ({ liveSessions: 7, sessionsOfToday: 2, liveApiKeys: 1, apiKeysUsedToday: 0 }),
  };
  const at = new Date(0);

  it('are shown with what their checks cost', async () => {
    answer = { data: { operations: { databaseLoad: load, identitySync: sync } } };
    const { tables, findings } = await authSection({ queries, at }, { url, token: 'secret' });

    expect(tables.map(({ name, cells }) => [name, cells[0]?.map(({ text }) => text)])).toEqual([
      ['credentials', ['7', '2', '1', '0']],
      ['databaseLoad', ['1.50', '0.020', '4,000', '90.0 %']],
      ['identitySync', ['100', '10', '85', '1', '0', '0', '85.0 %']],
    ]);
    expect(findings).toEqual([]);
  });

  it('need a person where synchronisations fail', async () => {
    answer = { data: { operations: { databaseLoad: load, identitySync: { ...sync, failed: 5 } } } };
    const { findings } = await authSection({ queries, at }, { url, token: 'secret' });

    expect(findings).toMatchObject([{ severity: 'warning', finding: '5 of 100 synchronisations failed' }]);
  });

  it('are shown as far as they are known', async () => {
    answer = { errors: [{ message: 'Cannot query field "databaseLoad" on type "Operations".' }] };
    const { tables, notes, isUnknown } = await authSection({ queries, at }, { url, token: 'secret' });

    expect(tables.map(({ name }) => name)).toEqual(['credentials']);
    expect(notes).toContain('This server does not tell about databaseLoad.');
    expect(isUnknown).toBeUndefined();
  });
});

describe('parley monitor cache', { timeout: 60_000 }, () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('needs no database, and takes the token from standard input', async () => {
    const args = ['monitor', 'cache', '--url', url, '--token', '-'];
    const { code, output } = await runParley(
      args,
      { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
      'typed\n',
    );

    expect(code).toBe(0);
    expect(asked.token).toBe('Bearer typed');
    expect(output).toMatch(/^PROFILES +memory +12 +10,000 /m);
  });

  it('answers 2 without a token, and says what it needs', async () => {
    const { code, output } = await runParley(['monitor', 'cache'], {});

    expect(code).toBe(2);
    expect(output).toContain('name one by --url, and an admin of the platform by --token');
    expect(output).toContain('Could not look at: cache.');
  });

  it('answers 2 and shows the rest where `all` could not reach the server', async () => {
    const args = ['monitor', 'all', '--json', '--url', 'http://127.0.0.1:1/graphql', '--token', 'x'];
    const { code, output } = await runParley(args, { DATABASE_URL: database.url });
    const report = JSON.parse(output);

    expect(code).toBe(2);
    expect(report.notReached).toEqual(['cache', 'auth']);
    expect(report.sections.tables.tables.length).toBeGreaterThan(10);
  });
});
