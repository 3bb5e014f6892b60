import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anApiKey, aTenant, aUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
const tokens: Record<string, string | undefined> = {};

beforeAll(async () => {
  testApp = await startTestApp();
  const tenant = await aTenant(testApp);
  const admin = await aUser(testApp, tenant, { isPlatformAdmin: true });
  const guest = await aUser(testApp, tenant, { role: 'GUEST' });
  tokens['an admin'] = admin.token;
  tokens['a guest'] = guest.token;
  tokens['a key'] = (await anApiKey(testApp, tenant, guest, { scopes: ['read'] })).secret;
  await testApp.database
    .query(sql`insert into models (slug, name, provider, context_window, is_enabled, is_mock)
    values ('real', 'Real', 'Test', 1, true, false), ('real-off', 'Real', 'Test', 1, false, false),
      ('mock', 'Mock', 'Test', 1, true, true), ('mock-off', 'Mock', 'Test', 1, false, true)`);
});
afterAll(() => testApp.close());

it.each([
  ['a stranger', false, []],
  ['a stranger', true, ['model_mock']],
  ['a guest', false, ['model_mock', 'model_real']],
  ['a guest', true, ['model_mock', 'model_real']],
  ['a key', false, ['model_mock', 'model_real']],
  ['a key', true, ['model_mock', 'model_real']],
  ['an admin', false, ['model_mock', 'model_real']],
  ['an admin', true, ['model_mock', 'model_real']],
])('lets %s, with the mock mode for strangers %s, use %j', async (who, anonymousMockMode, usable) => {
  await testApp.data(
    'mutation ($on: Boolean) { updateSettings(input: { anonymousMockMode: $on }) { userErrors { code } } }',
    { token: tokens['an admin'], variables: { on: anonymousMockMode } },
  );
  const data = await testApp.data(
    `{ models(includeDisabled: true) { id isUsable }
      model(id: "model_mock") { isUsable } node(id: "model_real") { ... on Model { isUsable } }
      settings { anonymousMockMode } }`,
    { token: tokens[who] },
  );
  const usableIds = data.models.flatMap((model: { id: string; isUsable: boolean }) =>
    model.isUsable ? [model.id] : [],
  );

  expect(data.models).toHaveLength(4);
  expect(usableIds.toSorted()).toEqual(usable);
  expect(data).toMatchObject({
    model: { isUsable: usableIds.includes('model_mock') },
    node: { isUsable: usableIds.includes('model_real') },
    settings: { anonymousMockMode },
  });
});
