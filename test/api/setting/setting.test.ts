import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let platformAdmin: TestUser;
let owner: TestUser;
let tenant: TestTenant;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  platformAdmin = await aUser(testApp, tenant, { isPlatformAdmin: true });
  owner = await aUser(testApp, tenant, { role: 'OWNER' });
});
afterAll(() => testApp.close());

const mutate = (mutation: string, token = platformAdmin.token) =>
  testApp.data(`mutation { ${mutation} }`, { token });

const upsert = (rest: string) =>
  mutate(`upsertModel(input: { slug: "gpt-x.1", name: "X", provider: "Test", contextWindow: 1000 ${rest} }) {
    model { id name isEnabled isMock maxOutputTokens inputPricePerMillion } userErrors { code path } }`);

describe('models', () => {
  it('are created, changed, and listed immediately', async () => {
    await testApp.data('{ models { id } }');
    const made = await upsert('isMock: true, inputPricePerMillion: 2.5');
    const listed = await testApp.data(
      '{ models { id } model(id: "model_gpt-x.1") { name } node(id: "model_gpt-x.1") { id } }',
    );
    const changed = await upsert('maxOutputTokens: 10');

    expect(made.upsertModel).toEqual({
      model: {
        id: 'model_gpt-x.1',
        name: 'X',
        isEnabled: true,
        isMock: true,
        maxOutputTokens: null,
        inputPricePerMillion: 2.5,
      },
      userErrors: [],
    });
    expect(listed).toEqual({
      models: [{ id: 'model_gpt-x.1' }],
      model: { name: 'X' },
      node: { id: 'model_gpt-x.1' },
    });
    expect(changed.upsertModel.model).toMatchObject({
      isMock: false,
      maxOutputTokens: 10,
      inputPricePerMillion: null,
    });
  });

  it('are listed when disabled only on request', async () => {
    await upsert('');
    const disabled = await mutate(
      'setModelEnabled(input: { modelId: "model_gpt-x.1", isEnabled: false }) { model { isEnabled } userErrors { code } }',
    );
    const data = await testApp.data('{ models { id } all: models(includeDisabled: true) { id isEnabled } }');
    await mutate(
      'setModelEnabled(input: { modelId: "model_gpt-x.1", isEnabled: true }) { userErrors { code } }',
    );

    expect(disabled.setModelEnabled).toEqual({ model: { isEnabled: false }, userErrors: [] });
    expect(data).toEqual({ models: [], all: [{ id: 'model_gpt-x.1', isEnabled: false }] });
  });
});

describe('settings', () => {
  it('change in the given fields, visible immediately', async () => {
    await upsert('');
    await testApp.data('{ settings { signUpEnabled } }');
    testApp.clock.advance(1000);
    const data =
      await mutate(`updateSettings(input: { signUpEnabled: true, defaultModelId: "model_gpt-x.1" }) {
      settings { signUpEnabled anonymousMockMode maxMessageLength defaultModel { id } updatedAt } userErrors { code } }`);
    const read = await testApp.data('{ settings { signUpEnabled } }');

    expect(data.updateSettings).toEqual({
      settings: {
        signUpEnabled: true,
        anonymousMockMode: false,
        maxMessageLength: 8000,
        defaultModel: { id: 'model_gpt-x.1' },
        updatedAt: '2026-11-20T12:00:01.000Z',
      },
      userErrors: [],
    });
    const others =
      await mutate(`updateSettings(input: { anonymousMockMode: true, maxMessageLength: 5, signUpEnabled: null }) {
      settings { anonymousMockMode maxMessageLength signUpEnabled defaultModel { id } } }`);
    const cleared =
      await mutate(`updateSettings(input: { anonymousMockMode: false, maxMessageLength: 8000, defaultModelId: null }) {
      settings { defaultModel { id } } }`);

    expect(read.settings.signUpEnabled).toBe(true);
    expect(others.updateSettings.settings).toEqual({
      anonymousMockMode: true,
      maxMessageLength: 5,
      signUpEnabled: true,
      defaultModel: { id: 'model_gpt-x.1' },
    });
    expect(cleared.updateSettings.settings.defaultModel).toBeNull();
  });
});

describe('invalidateCache', () => {
  const invalidate = (input: string) =>
    mutate(`invalidateCache(input: { ${input} }) {
      caches { cache removed stores { store ok message } } userErrors { code path } }`);

  it('clears a whole cache, and reports the count', async () => {
    await testApp.data('{ settings { maxMessageLength } }');
    const data = await invalidate('cache: SETTINGS');

    expect(data.invalidateCache).toEqual({
      caches: [
        {
          cache: 'SETTINGS',
          removed: 1,
          stores: [
            { store: 'memory', ok: true, message: null },
            { store: 'broadcast', ok: true, message: null },
          ],
        },
      ],
      userErrors: [],
    });
    await testApp.expectStatements(1, () => testApp.data('{ settings { maxMessageLength } }'));
  });

  it('removes one entry, or everything of a user or a tenant', async () => {
    const read = () => testApp.data('{ viewer { id } tenant { id } }', { token: owner.token });
    const { tenant } = await read();
    const removedOf = (answer: { invalidateCache: { caches: { cache: string; removed: number }[] } }) =>
      Object.fromEntries(
        answer.invalidateCache.caches.flatMap(({ cache, removed }) =>
          removed === 0 ? [] : [[cache, removed]],
        ),
      );
    const ofPerson = removedOf(await invalidate(`userId: "${owner.id}"`));
    await read();
    const dryRun = removedOf(await invalidate(`tenantId: "${tenant.id}", dryRun: true`));
    const ofTenant = removedOf(await invalidate(`tenantId: "${tenant.id}"`));
    await testApp.data('{ models { id } }');
    const ofKey = removedOf(await invalidate('cache: MODELS, key: "all"'));

    expect(ofPerson).toEqual({ PROFILES: 1, SESSIONS: 1 });
    expect(dryRun).toEqual({ PROFILES: 1, SESSIONS: 2 });
    expect(ofTenant).toEqual(dryRun);
    expect(ofKey).toEqual({ MODELS: 1 });
  });

  it.each([
    ['', ['input']],
    ['key: "app"', ['input']],
    ['cache: SETTINGS, userId: "user_00000000000000000000000000000000"', ['input']],
    ['userId: "nonsense"', ['input', 'userId']],
    ['tenantId: "nonsense"', ['input', 'tenantId']],
  ])('refuses what does not name exactly one thing: %j', async (input, path) => {
    const data = await invalidate(input);

    expect(data.invalidateCache).toEqual({ caches: [], userErrors: [{ code: 'BAD_USER_INPUT', path }] });
  });
});

describe('platform settings', () => {
  it.each([
    'updateSettings(input: { signUpEnabled: true }) { userErrors { code } }',
    'upsertModel(input: { slug: "x", name: "x", provider: "x", contextWindow: 1 }) { userErrors { code } }',
    'setModelEnabled(input: { modelId: "model_x", isEnabled: true }) { userErrors { code } }',
    'invalidateCache(input: { cache: SETTINGS }) { userErrors { code } }',
  ])('is forbidden to the owner of a tenant: %s', async (mutation) => {
    const answer = await testApp.ask(`mutation { ${mutation} }`, { token: owner.token });

    expect(answer.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});

describe('the longest message', () => {
  it('fits into a request with any characters that are not escaped', async () => {
    const { id } = await aConversation(testApp, tenant);
    await mutate('updateSettings(input: { maxMessageLength: 60000 }) { userErrors { code } }');
    const payload = JSON.stringify({
      query: 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { userErrors { code } } }',
      variables: { input: { conversationId: id, content: '🙂'.repeat(60_000) } },
    });
    const send = (body: string) =>
      testApp.server.inject({
        method: 'POST',
        url: '/graphql',
        headers: { authorization: `Bearer ${owner.token}`, 'content-type': 'application/json' },
        payload: body,
      });

    expect((await send(payload)).json()).toEqual({ data: { sendMessage: { userErrors: [] } } });
    expect((await send(payload.replaceAll('🙂', String.raw`\ud83d\ude42`))).statusCode).toBe(413);
  });
});
