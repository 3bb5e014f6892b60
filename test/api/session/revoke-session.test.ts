import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSession, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let person: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  person = await aUser(testApp, tenant);
});
afterAll(() => testApp.close());

describe('revokeSession', () => {
  const revokeAs = async (token: string, id: string) => {
    const query = `mutation ($id: ID!) { revokeSession(input: { sessionId: $id }) {
      session { id revokedAt } userErrors { code message path } } }`;
    return (await testApp.data(query, { token, variables: { id } })).revokeSession;
  };
  const sessionIdOf = async (token: string): Promise<string> => {
    const data = await testApp.data('{ viewer { sessions { nodes { id isCurrent } } } }', { token });
    return data.viewer.sessions.nodes.find((node: { isCurrent: boolean }) => node.isCurrent).id;
  };

  it('rejects the next request, and keeps the first date when repeated', async () => {
    const caller = await aUser(testApp, tenant);
    const other = await aSession(testApp, tenant, caller);
    const id = await sessionIdOf(other);
    const first = await revokeAs(caller.token, id);
    const refused = await testApp.ask('{ viewer { id } }', { token: other });
    testApp.clock.advance(1000);

    expect(first).toEqual({ session: { id, revokedAt: expect.any(String) }, userErrors: [] });
    expect(refused.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await revokeAs(caller.token, id)).toEqual(first);
  });

  it('is allowed for the owner and admins, and NOT_FOUND for others', async () => {
    const owner = await aUser(testApp, tenant);
    const admin = await aUser(testApp, tenant, { role: 'ADMIN' });
    const stranger = await aUser(testApp, await aTenant(testApp), { role: 'OWNER' });
    const id = await sessionIdOf(owner.token);
    const missing = await revokeAs(person.token, `session_${'0'.repeat(32)}`);

    expect(missing).toEqual({
      session: null,
      userErrors: [{ code: 'NOT_FOUND', message: 'There is no such session.', path: ['input', 'sessionId'] }],
    });
    expect(await revokeAs(person.token, id)).toEqual(missing);
    expect(await revokeAs(stranger.token, id)).toEqual(missing);
    expect((await revokeAs(admin.token, id)).userErrors).toEqual([]);
    const refused = await testApp.ask('{ viewer { id } }', { token: owner.token });
    expect(refused.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('makes the rest of the request anonymous when a session revokes itself', async () => {
    const caller = await aUser(testApp, tenant);
    const answer = await testApp.ask(
      `mutation {
        revokeSession(input: { sessionId: "${await sessionIdOf(caller.token)}" }) { userErrors { code } }
        updateProfile(input: { bio: "changed" }) { user { id } }
      }`,
      { token: caller.token },
    );

    expect(answer.errors?.map((error) => [error.path, error.extensions.code])).toEqual([
      [['updateProfile'], 'UNAUTHENTICATED'],
    ]);
  });
});
