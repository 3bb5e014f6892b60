import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aConversation,
  anApiKey,
  aTenant,
  aUser,
  type TestTenant,
  type TestUser,
} from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let home: TestTenant;
let admin: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  home = await aTenant(testApp);
  admin = await aUser(testApp, home, { role: 'OWNER', isPlatformAdmin: true });
});
afterAll(() => testApp.close());

async function mutate(name: string, input: Readonly<Record<string, unknown>>, selection: string, as = admin) {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const data = await testApp.data(
    `mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} userErrors { code message path } } }`,
    { token: as.token, variables: { input } },
  );
  return data[name];
}

const signIn = (email: string, password: string) =>
  testApp.data(
    'mutation ($input: SignInInput!) { signIn(input: $input) { token user { displayName } userErrors { code } } }',
    { variables: { input: { email, password } } },
  );

describe('tenants', () => {
  it('are created and renamed; a taken slug is a CONFLICT', async () => {
    const { tenant } = await mutate(
      'createTenant',
      { slug: 'acme', name: ' Acme ' },
      'tenant { id slug name }',
    );
    const again = await mutate('createTenant', { slug: 'acme', name: 'Other' }, 'tenant { id }');
    const renamed = await mutate(
      'renameTenant',
      { tenantId: tenant.id, slug: 'acme-2' },
      'tenant { slug name }',
    );
    const taken = await mutate('renameTenant', { tenantId: tenant.id, slug: home.slug }, 'tenant { slug }');

    expect(tenant).toMatchObject({ slug: 'acme', name: 'Acme' });
    expect(again.userErrors).toEqual([
      { code: 'CONFLICT', message: 'The slug acme is taken.', path: ['input', 'slug'] },
    ]);
    expect(renamed.tenant).toEqual({ slug: 'acme-2', name: 'Acme' });
    expect(taken.userErrors[0].code).toBe('CONFLICT');
  });

  it.each(['', ' ', '-a', 'a b', 'a/b', 'ä', 'a'.repeat(101)])('refuse the slug %j', async (slug) => {
    const { userErrors } = await mutate('createTenant', { slug, name: 'X' }, 'tenant { id }');

    expect(userErrors[0]).toMatchObject({ code: 'BAD_USER_INPUT', path: ['input', 'slug'] });
  });

  it('are deleted in batches with all their rows; accounts and other tenants remain', async () => {
    const tenant = await aTenant(testApp);
    const owner = await aUser(testApp, tenant, { role: 'OWNER' });
    await anApiKey(testApp, tenant, owner);
    const messages = Array.from({ length: 1200 }, (_, index) => `message ${index}`);
    await aConversation(testApp, tenant, { owner, author: owner, participants: [owner], messages });
    const input = { tenantId: tenant.id, slug: tenant.slug };
    const answer = await mutate('deleteTenant', input, 'isDeleted deletedRows');

    expect(answer).toEqual({ isDeleted: true, deletedRows: 1205, userErrors: [] });
    expect((await mutate('deleteTenant', input, 'isDeleted')).userErrors[0].code).toBe('NOT_FOUND');
    expect(
      (await testApp.ask('{ viewer { id } }', { token: owner.token })).errors?.[0]?.extensions.code,
    ).toBe('UNAUTHENTICATED');
    expect(await testApp.database.query(sql`select from users where id = ${owner.uuid}::uuid`)).toHaveLength(
      1,
    );
    expect((await testApp.data('{ tenant { slug } }', { token: admin.token })).tenant.slug).toBe(home.slug);
  });

  it('are not deleted with another slug, nor from within', async () => {
    const tenant = await aTenant(testApp);
    const other = await mutate('deleteTenant', { tenantId: tenant.id, slug: home.slug }, 'isDeleted');
    const own = await mutate('deleteTenant', { tenantId: home.id, slug: home.slug }, 'isDeleted');

    expect([other.userErrors[0].code, own.userErrors[0].code]).toEqual(['NOT_FOUND', 'CONFLICT']);
  });
});

describe('accounts', () => {
  it('are created with a password, with which the person signs in', async () => {
    const input = {
      email: 'R&D/x@Bücher.example',
      firstName: 'Ada',
      tenantId: home.id,
      role: 'MEMBER',
      password: 'correct horse',
    };
    const created = await mutate('createUser', input, 'account { email hasPassword tenantSlugs } token');
    const again = await mutate('createUser', { ...input, email: 'r&d/X@bücher.example' }, 'token');

    expect(created).toEqual({
      account: { email: 'R&D/x@xn--bcher-kva.example', hasPassword: true, tenantSlugs: [home.slug] },
      token: null,
      userErrors: [],
    });
    expect(again.userErrors[0]).toMatchObject({ code: 'CONFLICT', path: ['input', 'email'] });
    const { signIn: signedIn } = await signIn(' r&D/X@BÜCHER.example ', 'correct horse');
    expect(signedIn.user).toEqual({ displayName: 'Ada' });
  });

  it.each(['short', 'password', 'x@example.org'])('refuse the password %j', async (password) => {
    const input = { email: 'x@example.org', tenantId: home.id, role: 'MEMBER', password };
    const { userErrors } = await mutate('createUser', input, 'token');

    expect(userErrors).toEqual([
      expect.objectContaining({ code: 'BAD_USER_INPUT', path: ['input', 'password'] }),
    ]);
  });

  it.each(['nobody', 'a@b', 'a b@example.org', ''])('refuse the address %j at its path', async (email) => {
    const { userErrors } = await mutate('createUser', { email, tenantId: home.id, role: 'MEMBER' }, 'token');

    expect(userErrors).toEqual([
      expect.objectContaining({ code: 'BAD_USER_INPUT', path: ['input', 'email'] }),
    ]);
  });

  it('get another password, which ends their sessions', async () => {
    const user = await aUser(testApp, home);
    await mutate(
      'setUserPassword',
      { userId: user.id, password: 'another horse' },
      'account { hasPassword }',
    );
    const answer = await testApp.ask('{ viewer { id } }', { token: user.token });

    expect(answer.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await signIn(user.email, 'another horse')).signIn.token).not.toBeNull();
  });

  it('are disabled in every tenant, and enabled', async () => {
    const user = await aUser(testApp, home);
    const isSignedIn = async () =>
      (await testApp.ask('{ viewer { id } }', { token: user.token })).errors === undefined;
    expect(await isSignedIn()).toBe(true);
    await mutate('setUserActive', { userId: user.id, isActive: false }, 'account { isActive }');
    expect(await isSignedIn()).toBe(false);
    await mutate('setUserActive', { userId: user.id, isActive: true }, 'account { isActive }');
    expect(await isSignedIn()).toBe(true);
  });

  it('of admins stay: their own, and the last one also for the command line', async () => {
    const own = await mutate('setUserActive', { userId: admin.id, isActive: false }, 'account { isActive }');
    const { administration } = testApp.app.services;

    expect(own.userErrors[0].code).toBe('CONFLICT');
    await expect(administration.setActive(null, { userId: admin.id, isActive: false })).rejects.toThrow(
      'The platform needs an active admin',
    );
  });
});
