import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let admin: TestUser;
let member: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  admin = await aUser(testApp, tenant, { isPlatformAdmin: true });
  member = await aUser(testApp, tenant, { role: 'OWNER' });
});
afterAll(() => testApp.close());

const ask = async (fields: string) =>
  (await testApp.data(`{ operations { ${fields} } }`, { token: admin.token })).operations;

describe('operations', () => {
  it.each(['owner of a tenant', 'stranger'])('is rejected for the %s', async (who) => {
    const token = who === 'stranger' ? undefined : member.token;
    const answer = await testApp.ask('{ operations { tables { name } } }', { token });

    expect(answer.errors?.[0]?.extensions.code).toBe(who === 'stranger' ? 'UNAUTHENTICATED' : 'FORBIDDEN');
  });

  it('shows statements without their values', async () => {
    await testApp.data('{ user(id: "user_00000000000000000000000000000000") { id } }', {
      token: admin.token,
    });
    const { slowQueries } = await ask(
      'slowQueries(first: 200) { query calls meanMs maxMs totalMs rows cacheHitRate advice }',
    );

    expect(slowQueries.length).toBeGreaterThan(3);
    for (const { query, calls, meanMs, maxMs, totalMs } of slowQueries) {
      expect(query.length).toBeLessThanOrEqual(200);
      expect(query).not.toContain("'");
      expect(calls).toBeGreaterThan(0);
      expect(maxMs).toBeGreaterThanOrEqual(meanMs);
      expect(totalMs).toBeGreaterThanOrEqual(maxMs);
    }
  });

  it.each([
    ['slowQueries(first: 201) { query }', '`first` is 201; it must be between 0 and 200.'],
    ['userActivity(days: 0) { date }', '`days` is 0; it must be between 1 and 366.'],
    ['columns(table: "no_such_table") { name }', 'There is no table no_such_table.'],
  ])('refuses %s', async (field, message) => {
    const answer = await testApp.ask(`{ operations { ${field} } }`, { token: admin.token });

    expect(answer.errors?.[0]).toMatchObject({ message, extensions: { code: 'BAD_USER_INPUT' } });
  });

  it('shows the columns of a table', async () => {
    const { columns } = await ask('columns(table: "tenants") { name type isNullable }');

    expect(columns).toContainEqual({ name: 'id', type: 'uuid', isNullable: false });
    expect(columns).toContainEqual({ name: 'external_id', type: 'text', isNullable: true });
  });

  it('distinguishes unused indexes from unique ones', async () => {
    const fields = 'name table scans sizeBytes isUnique isUnused advice';
    const { all, unused } = await ask(
      `all: indexes { ${fields} } unused: indexes(unusedOnly: true) { ${fields} }`,
    );
    const byName = (name: string) => all.find((index: { name: string }) => index.name === name);

    expect(byName('assignments_exercise_id_idx')).toMatchObject({
      table: 'assignments',
      scans: 0,
      isUnique: false,
      isUnused: true,
      advice: expect.stringContaining('too short a time to judge'),
    });
    expect(byName('exercises_pkey')).toMatchObject({ isUnique: true, isUnused: false, advice: null });
    expect(unused).toEqual(all.filter((index: { isUnused: boolean }) => index.isUnused));
  });

  it('counts activity by days in UTC', async () => {
    await aConversation(testApp, tenant, { author: member, owner: member, messages: ['one', 'two'] });
    await testApp.database.query(sql`update messages set created_at = '2026-11-18T23:59:59.999Z'
      where content = 'one'`);

    const { userActivity } = await ask(
      'userActivity(days: 3) { date activeUsers newUsers conversations messages signIns }',
    );

    const nothing = { activeUsers: 0, newUsers: 0, conversations: 0, messages: 0, signIns: 0 };
    expect(userActivity).toEqual([
      {
        date: '2026-11-20T00:00:00.000Z',
        activeUsers: 2,
        newUsers: 2,
        conversations: 1,
        messages: 1,
        signIns: 2,
      },
      { ...nothing, date: '2026-11-19T00:00:00.000Z' },
      { ...nothing, date: '2026-11-18T00:00:00.000Z', activeUsers: 1, messages: 1 },
    ]);
  });
});

describe('refreshStatistics', () => {
  it('analyses the tables', async () => {
    const { refreshStatistics } = await testApp.data(
      'mutation { refreshStatistics { tables { name rows lastAnalyzeAt } userErrors { code } } }',
      { token: admin.token },
    );

    expect(refreshStatistics.userErrors).toEqual([]);
    expect(refreshStatistics.tables).toContainEqual({
      name: 'users',
      rows: 2,
      lastAnalyzeAt: expect.stringMatching(/^20/),
    });
  });
});

describe('cleanupExpiredData', () => {
  it('removes expired rows and reports their number', async () => {
    await testApp.database
      .query(sql`insert into idempotency_keys (tenant_id, user_id, key, request_hash, expires_at)
      select ${tenant.uuid}::uuid, ${member.uuid}::uuid, n::text, '',
        ${new Date(testApp.clock.now())}::timestamptz - n * interval '1 second'
      from generate_series(0, 2001) n`);
    const { cleanupExpiredData } = await testApp.data(
      'mutation { cleanupExpiredData { removed { table rows } userErrors { code } } }',
      { token: admin.token },
    );

    expect(cleanupExpiredData).toEqual({
      removed: [
        { table: 'sessions', rows: 0 },
        { table: 'api_keys', rows: 0 },
        { table: 'idempotency_keys', rows: 2001 },
        { table: 'one_time_tokens', rows: 0 },
        { table: 'invitations', rows: 0 },
        { table: 'message_changes', rows: 0 },
      ],
      userErrors: [],
    });
  });
});
