import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aTenant, aUser, type TestUser } from '../../support/builders.ts';
import { failureOf, openFrontDoor } from '../../support/front-door.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const query = '{ hello }';
const persisted = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

describe('an automatic persisted query', () => {
  let door: Awaited<ReturnType<typeof openFrontDoor>>;
  beforeAll(async () => {
    door = await openFrontDoor();
  });
  afterAll(() => door.close());

  it('is answered by its hash alone once its text was sent with the hash', async () => {
    const byHash = persisted(hash('sha256', query));
    const unknown = await failureOf(await door.post(byHash));
    const first = await (await door.post({ ...byHash, query })).json();
    const again = await (await door.post(byHash)).json();

    expect(unknown).toMatchObject({ status: 200, message: 'PersistedQueryNotFound' });
    expect([first, again]).toEqual([{ data: { hello: 'world' } }, { data: { hello: 'world' } }]);
  });

  it('is refused with the hash of another text, and is not kept', async () => {
    const wrong = persisted('0'.repeat(64));
    const refused = await failureOf(await door.post({ ...wrong, query }));
    const unknown = await failureOf(await door.post(wrong));

    expect(refused.code).toBe('BAD_USER_INPUT');
    expect(unknown.message).toBe('PersistedQueryNotFound');
  });
});

describe('a public answer', () => {
  const documents = {
    settings: 'query Settings { settings { maxMessageLength } models { id } }',
    mixed: 'query Mixed { settings { maxMessageLength } viewer { id } }',
  };
  let testApp: TestApp;
  let admin: TestUser;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-preset-'));
    const file = join(folder, 'persisted-documents.json');
    await writeFile(file, JSON.stringify(documents));
    testApp = await startTestApp({ TRUSTED_DOCUMENTS_FILE: file, TRUSTED_DOCUMENTS_MODE: 'log' });
    admin = await aUser(testApp, await aTenant(testApp), { isPlatformAdmin: true, role: 'OWNER' });
  });
  afterAll(async () => {
    await testApp.close();
    await rm(folder, { recursive: true });
  });

  const get = (id: string, headers: Record<string, string> = {}) =>
    testApp.server.inject({
      method: 'GET',
      url: `/graphql?documentId=${id}`,
      headers: { 'apollo-require-preflight': 'true', ...headers },
    });

  it('of a trusted document has a tag, and is 304 until it changes', async () => {
    const first = await get('sha256:settings');
    const etag = String(first.headers['etag']);
    const same = await get('settings', { 'if-none-match': `"other", W/${etag}` });
    await testApp.data(
      'mutation { updateSettings(input: { maxMessageLength: 77 }) { userErrors { code } } }',
      {
        token: admin.token,
      },
    );
    const changed = await get('settings', { 'if-none-match': etag });

    expect(first.headers).toMatchObject({
      'cache-control': 'public, no-cache',
      etag: expect.stringMatching(/^"/),
    });
    expect([same.statusCode, same.body, same.headers['etag']]).toEqual([304, '', etag]);
    expect(changed.statusCode).toBe(200);
    expect(changed.json().data.settings).toEqual({ maxMessageLength: 77 });
  });

  it.each([
    ['with a personal field', () => get('mixed')],
    [
      'for a viewer, without a preflight header',
      () => {
        const headers = { authorization: `Bearer ${admin.token}` };
        return testApp.server.inject({ method: 'GET', url: '/graphql?documentId=settings', headers });
      },
    ],
    [
      'of another document',
      () =>
        testApp.server.inject({
          method: 'GET',
          url: `/graphql?query=${encodeURIComponent('{ settings { signUpEnabled } }')}`,
          headers: { 'apollo-require-preflight': 'true' },
        }),
    ],
  ])('is never kept by a cache: %s', async (_name, send) => {
    const response = await send();

    expect(response.statusCode).toBe(200);
    expect(response.json().errors).toBeUndefined();
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.headers['etag']).toBeUndefined();
  });
});
