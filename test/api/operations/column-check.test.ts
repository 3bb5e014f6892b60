import sql, { raw } from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MissingColumns } from '../../../src/app/column-check.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;

beforeEach(async () => void (testApp = await startTestApp()));
afterEach(() => testApp.close());

const rename = (table: string, from: string, to: string) =>
  testApp.database.query(sql`alter table ${raw(table)} rename column ${raw(from)} to ${raw(to)}`);

async function readyz() {
  const response = await testApp.server.inject('/readyz');
  return { status: response.statusCode, schema: response.json().components[1] };
}

const codeOf = async () => (await testApp.ask('{ models { id } }')).errors?.[0]?.extensions.code;

describe('a column that isolation depends on', () => {
  it('prevents the server from starting while it is missing', async () => {
    await rename('api_keys', 'tenant_id', 'gone');
    await testApp.app.caches.schema.invalidate('all');
    const start = testApp.app.createServer(null);

    await expect(start).rejects.toThrow(MissingColumns);
    await expect(start).rejects.toThrow('api_keys.tenant_id');
  });

  it('makes a running server reject every request while it is missing', async () => {
    expect(await codeOf()).toBeUndefined();
    await rename('api_keys', 'user_id', 'gone');
    await testApp.app.caches.schema.invalidate('all');
    const sick = await readyz();
    const refused = [await codeOf(), await codeOf()];
    const alive = await testApp.server.inject('/livez');
    await rename('api_keys', 'gone', 'user_id');

    expect(sick.status).toBe(503);
    expect(sick.schema.status).toBe('UNHEALTHY');
    expect(sick.schema.message).toContain('The database lacks api_keys.user_id.');
    expect(refused).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    expect(alive.statusCode).toBe(200);
    expect(await codeOf()).toBeUndefined();
    expect(await readyz()).toEqual({
      status: 200,
      schema: { name: 'schema', status: 'HEALTHY', message: null },
    });
  });

  it('is found missing as soon as a migration has announced that tables changed', async () => {
    await rename('api_keys', 'user_id', 'gone');
    await testApp.database.query(sql`select announce_invalidations(array['cache:SCHEMA'])`);

    await expect.poll(codeOf).toBe('UNAVAILABLE');
  });

  it('is reported missing together with its table', async () => {
    await testApp.database.query(sql`alter table participants rename to gone`);
    await testApp.app.caches.schema.invalidate('all');

    expect((await readyz()).schema.message).toContain('participants.conversation_id');
  });
});

describe('a column that only some requests need', () => {
  it('is named by the readiness check while it is missing, and other requests are answered', async () => {
    await rename('exercises', 'prompt', 'gone');
    await testApp.app.caches.schema.invalidate('all');

    expect(await readyz()).toEqual({
      status: 200,
      schema: {
        name: 'schema',
        status: 'DEGRADED',
        message: 'The database lacks exercises.prompt. Requests that need them fail.',
      },
    });
    expect(await codeOf()).toBeUndefined();
  });
});

describe('the column catalog', () => {
  it('costs requests nothing, and readiness checks one statement beyond their own', async () => {
    await testApp.data('{ models { id } }');
    await readyz();
    await testApp.expectStatements(0, () => testApp.data('{ models { id } }'));
    await testApp.expectStatements(1, readyz);
    await testApp.app.caches.schema.invalidate('all');
    await testApp.expectStatements(2, readyz);
    await testApp.expectStatements(1, readyz);
  });
});
