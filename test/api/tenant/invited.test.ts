import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../../support/identity-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let provider: TestIdentityProvider;
let testApp: TestApp;
let tenant: TestTenant;
let owner: TestUser;

beforeAll(async () => {
  provider = await startIdentityProvider();
  testApp = await startTestApp(provider.environment);
  provider.clock = testApp.clock;
  tenant = await aTenant(testApp);
  owner = await aUser(testApp, tenant, { role: 'OWNER' });
});
afterAll(async () => {
  await testApp.close();
  await provider.close();
});

const invite = async (email: string) => {
  const data = await testApp.data(
    `mutation ($email: EmailAddress!) { inviteMember(input: { email: $email, role: ADMIN }) { membership { user { id } } } }`,
    { token: owner.token, variables: { email } },
  );
  return data.inviteMember.membership.user.id;
};

describe('an invited user without an account', () => {
  it("is linked to the provider's user by the verified address", async () => {
    const id = await invite('Ada@New.example');
    const token = await provider.token({ sub: 'user_ada', email: 'ada@new.example', email_verified: true });
    const data = await testApp.data('{ viewer { id memberships { role tenant { id } } } }', {
      token,
      headers: { 'x-tenant': tenant.slug },
    });

    expect(data.viewer).toEqual({ id, memberships: [{ role: 'ADMIN', tenant: { id: tenant.id } }] });
  });

  it('is not linked by an unverified address', async () => {
    await invite('grace@new.example');
    const token = await provider.token({
      sub: 'user_eve',
      email: 'grace@new.example',
      email_verified: false,
    });
    const answer = await testApp.ask('{ viewer { id } }', { token, headers: { 'x-tenant': tenant.slug } });

    expect(answer.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('cannot sign in with a password', async () => {
    await invite('nobody@new.example');
    const data = await testApp.data(
      'mutation { signIn(input: { email: "nobody@new.example", password: "" }) { token userErrors { code } } }',
    );

    expect(data.signIn).toEqual({ token: null, userErrors: [{ code: 'UNAUTHENTICATED' }] });
  });
});
