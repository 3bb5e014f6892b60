import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSection, type Reading } from '../../../src/cli/monitor/view.ts';
import { views } from '../../../src/cli/monitor/views.ts';
import { emptyReading } from '../../support/empty-reading.ts';
import { runParley } from '../../support/parley.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

/** A fake server, because the counters behind a warning take a long time to come about. */
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

const readingOf = (server: Reading['server']): Reading => ({
  ...emptyReading,
  queries: {
    ...emptyReading.queries,
    credentials: async () => ({ liveSessions: 7, sessionsOfToday: 2, liveApiKeys: 1, apiKeysUsedToday: 0 }),
  },
  server,
});
const read = (name: 'cache' | 'auth' = 'cache', token = 'secret') =>
  readSection(name, views[name], readingOf({ url, token }));
const shown = async () => {
  const { tables, findings } = await read();
  return { cells: tables[0]?.cells[0]?.map(({ text }) => text), findings };
};

describe('the view of caches', () => {
  it('are shown with the counters of the server', async () => {
    expect(await shown()).toEqual({
      cells: ['PROFILES', 'memory', '12', '10,000', '900', '100', '90.0 %', '0', '0', '4', '0'],
      findings: [],
    });
    expect(asked.token).toBe('Bearer secret');
    expect(asked.query).toContain('caches { name store entries maxEntries hits misses hitRate staleServed');
  });

  it.each([
    [{ hits: 300, misses: 700, hitRate: 0.3 }, 'time to live is too short'],
    [{ hits: 300, misses: 700, hitRate: 0.3, evictions: 600 }, 'too small'],
    [{ errors: 11 }, 'Redis'],
  ])('have a warning: %j', async (numbers, advice) => {
    answer = { data: { operations: { caches: [{ ...cache, ...numbers }] } } };

    expect((await shown()).findings).toEqual([
      expect.objectContaining({
        severity: 'warning',
        subject: 'PROFILES',
        advice: expect.stringContaining(advice),
      }),
    ]);
  });

  it('have no warning below the minimum of reads', async () => {
    answer = { data: { operations: { caches: [{ ...cache, hits: 0, misses: 999, hitRate: 0 }] } } };

    expect((await shown()).findings).toEqual([]);
  });

  it.each([
    [
      'refuses the token',
      { errors: [{ message: 'This is for admins.' }], data: { operations: null } },
      'refused: This is for admins.',
    ],
    [
      'knows no caches',
      { errors: [{ message: 'Cannot query field "caches" on type "Operations".' }] },
      'Cannot query field',
    ],
    ['is not Parley', '<html>', 'is not a Parley server'],
    [
      'has another data format',
      { data: { operations: { caches: [{ name: 'PROFILES' }] } } },
      'another version',
    ],
  ])('are not available when the server %s', async (_name, answered, note) => {
    answer = answered;

    expect(await read()).toMatchObject({
      isUnknown: true,
      notes: [expect.stringContaining(note)],
      tables: [],
    });
  });

  it('are not available when no server listens', async () => {
    const reading = readingOf({ url: 'http://127.0.0.1:9999/graphql', token: 'x' });
    const section = await readSection('cache', views.cache, reading);

    expect(section).toMatchObject({ isUnknown: true, notes: [expect.stringContaining('ECONNREFUSED')] });
  });
});

describe('the view of credentials', () => {
  it('are shown with the costs of authentication', async () => {
    answer = { data: { operations: { databaseLoad: load, identitySync: sync } } };
    const { tables, findings } = await read('auth');

    expect(tables.map(({ name, cells }) => [name, cells[0]?.map(({ text }) => text)])).toEqual([
      ['credentials', ['7', '2', '1', '0']],
      ['databaseLoad', ['1.5', '0.02', '4,000', '90.0 %']],
      ['identitySync', ['100', '10', '85', '1', '0', '0', '85.0 %']],
    ]);
    expect(findings).toEqual([]);
  });

  it('have a warning when synchronizations fail', async () => {
    answer = { data: { operations: { databaseLoad: load, identitySync: { ...sync, failed: 5 } } } };
    const { findings } = await read('auth');

    expect(findings).toMatchObject([{ severity: 'warning', finding: '5 of 100 synchronizations failed' }]);
  });

  it('are shown without the costs when the server refuses', async () => {
    answer = { errors: [{ message: 'Cannot query field "databaseLoad" on type "Operations".' }] };
    const { tables, notes, isUnknown } = await read('auth');

    expect(tables.map(({ name }) => name)).toEqual(['credentials']);
    expect(notes).toEqual([expect.stringContaining('Cannot query field')]);
    expect(isUnknown).toBe(true);
  });
});

describe('parley monitor cache', { timeout: 60_000 }, () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('needs no database, and reads the token from standard input', async () => {
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

  it('exits 2 without a token and names the missing options', async () => {
    const { code, output } = await runParley(['monitor', 'cache'], {});

    expect(code).toBe(2);
    expect(output).toContain('pass --url, and --token of a platform admin');
    expect(output).toContain('Not available: cache.');
  });

  it('exits 2 and shows the other views when `all` cannot reach the server', async () => {
    const args = ['monitor', 'all', '--json', '--url', 'http://127.0.0.1:1/graphql', '--token', 'x'];
    const { code, output } = await runParley(args, { DATABASE_URL: database.url });
    const report = JSON.parse(output);

    expect(code).toBe(2);
    expect(report.notReached).toEqual(['cache', 'auth']);
    expect(report.sections.tables.tables.length).toBeGreaterThan(10);
  });
});
