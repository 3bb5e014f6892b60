import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { CleanUps, makeFolder, start, startTimeOf } from '../../support/embedded.ts';
import { runParley, startParley } from '../../support/parley.ts';
import {
  createEmptyDatabase,
  createTestDatabase,
  execute,
  type TestDatabase,
} from '../../support/postgres.ts';

const cleanUps = new CleanUps();
let healthy: TestDatabase;

beforeAll(async () => {
  healthy = await createTestDatabase();
  cleanUps.add(() => healthy.drop());
});
afterAll(() => cleanUps.run());

const monitor = (args: readonly string[], url: string) =>
  runParley(['monitor', ...args], { DATABASE_URL: url });

describe('parley monitor', { timeout: 60_000 }, () => {
  it('exits 0 and shows every view as JSON when no action is needed', async () => {
    const { code, output, errors } = await monitor(['--json'], healthy.url);
    const report = JSON.parse(output);

    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(report).toMatchObject({
      checkedAt: expect.stringMatching(/^20\d\d-/),
      actionNeeded: false,
      notReached: [],
      sections: {
        slow: { statements: expect.any(Array) },
        connections: { connections: expect.any(Array) },
        cache: { notes: [expect.stringContaining('--token')] },
        auth: { credentials: [{ liveSessions: 0, liveApiKeys: 0 }] },
        indexes: { indexes: expect.any(Array) },
        activity: { days: expect.any(Array), tenants: [] },
        cleanup: { expired: [{ table: 'sessions', rows: 0, dueSince: null }, {}, {}, {}, {}, {}] },
      },
    });
    expect(report.sections.tables.tables).toContainEqual(
      expect.objectContaining({ name: 'messages', rows: 0, deadRows: 0 }),
    );
    expect(report.sections.activity.days).toHaveLength(7);
  });

  it('exits 1 and shows an advice when action is needed', async () => {
    const database = await createTestDatabase();
    cleanUps.add(() => database.drop());
    await execute(database.url, 'create table fresh (id integer) with (autovacuum_enabled = off)');
    await execute(database.url, 'insert into fresh select generate_series(1, 10000)');
    const { code, output } = await monitor(['tables'], database.url);

    expect(code).toBe(1);
    expect(output).toContain(
      '! statistics: fresh: never analysed, so queries are planned blindly\n    The mutation',
    );
    expect(output.trimEnd().split('\n').at(-1)).toBe('Action needed: 1 warning.');
    // Standard output is no terminal, so there are no colours.
    expect(output).not.toContain('\u001B');
  });

  it('exits 1 when expired rows are not cleaned up', async () => {
    const database = await createTestDatabase();
    cleanUps.add(() => database.drop());
    await execute(
      database.url,
      "insert into tenants (id, slug, name) values ('00000000-0000-7000-8000-000000000001', 't', 't')",
    );
    await execute(database.url, "insert into users (id) values ('00000000-0000-7000-8000-000000000002')");
    await execute(
      database.url,
      'insert into memberships (tenant_id, user_id) select t.id, u.id from tenants t, users u',
    );
    await execute(
      database.url,
      `insert into idempotency_keys (tenant_id, user_id, key, request_hash, expires_at)
      select tenant_id, user_id, 'key', '', now() - interval '3 days' from memberships`,
    );
    const { code, output } = await monitor(['cleanup'], database.url);

    expect(code).toBe(1);
    expect(output).toContain('! clean-up: idempotency_keys: 1 expired rows, the oldest for 72 h');
  });

  it.each([
    [
      'does not respond',
      async () => 'postgres://nobody@127.0.0.1:1/none',
      /does not respond: .*ECONNREFUSED/,
    ],
    [
      'refuses the password',
      async () => healthy.url.replace(/:[^:@]+@/, ':wrong@'),
      /password authentication failed/,
    ],
    [
      'is older than this version',
      async () => {
        const empty = await createEmptyDatabase();
        cleanUps.add(() => empty.drop());
        return empty.url;
      },
      /run `parley migrate`/,
    ],
  ])('exits 2 when the database %s', async (_name, urlOf, message) => {
    const { code, output, errors } = await monitor(['slow'], await urlOf());

    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).toMatch(message);
  });

  it('reads a running embedded PostgreSQL, and does not start a stopped one', async () => {
    const folder = await makeFolder();
    cleanUps.add(() => rm(folder, { recursive: true }));
    const environment = { DATA_DIRECTORY: folder };
    const before = await runParley(['monitor', 'tables'], environment);
    const filesBefore = await readdir(folder);
    const postgres = await start(cleanUps, folder);
    await migrate(postgres.url, { logger: createLogger({ level: 'silent' }) });
    const startedAt = await startTimeOf(postgres.url);
    const during = await runParley(['monitor', 'tables'], environment);

    expect({ code: before.code, files: filesBefore }).toEqual({ code: 2, files: [] });
    expect(before.errors).toContain(`No PostgreSQL runs on ${folder}`);
    expect(during.code).toBe(0);
    expect(await startTimeOf(postgres.url)).toBe(startedAt);
  });

  it('with --watch --json: writes one line per reading until it is interrupted', async () => {
    const child = startParley(['monitor', 'cleanup', '--watch', '0.5', '--json'], {
      DATABASE_URL: healthy.url,
    });
    const lines = createInterface(child.stdout);
    const readings = [await once(lines, 'line'), await once(lines, 'line')].map(([line]) =>
      JSON.parse(String(line)),
    );
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');

    expect(readings.map(({ actionNeeded }) => actionNeeded)).toEqual([false, false]);
    expect(readings[1].checkedAt > readings[0].checkedAt).toBe(true);
    expect(code).toBe(0);
  });

  it.each([
    [
      ['everything'],
      'Allowed choices are slow, connections, cache, auth, indexes, tables, activity, cleanup, all.',
    ],
    [['slow', '--watch', 'often'], 'It must be a number of seconds'],
  ])('refuses %j', async (args, message) => {
    const { code, errors } = await monitor(args, healthy.url);

    expect(code).toBe(1);
    expect(errors).toContain(message);
  });
});
