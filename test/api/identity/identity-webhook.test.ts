import sql from 'sql-template-tag';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createId } from '../../../src/platform/ids.ts';
import { aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../../support/identity-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { membershipEvent, sendWebhook, userEvent, webhookSecret } from '../../support/webhook.ts';

let provider: TestIdentityProvider;
let testApp: TestApp;
let tenant: TestTenant;
let sub: string;

beforeAll(async () => {
  provider = await startIdentityProvider();
  testApp = await startTestApp({ ...provider.environment, IDENTITY_WEBHOOK_SECRET: webhookSecret });
  provider.clock = testApp.clock;
  tenant = await aTenant(testApp, 'acme');
  await testApp.database.query(
    sql`update tenants set external_id = 'org_acme' where id = ${tenant.uuid}::uuid`,
  );
});
beforeEach(() => {
  sub = `user_${createId().slice(-12)}`;
  testApp.clock.advance(10_000);
});
afterAll(async () => {
  await testApp.close();
  await provider.close();
});

const now = () => testApp.clock.now();
const membership = (type: 'created' | 'updated' | 'deleted', at: number, role = 'org:member') =>
  membershipEvent(`organizationMembership.${type}`, { userId: sub, organisationId: 'org_acme', role, at });

async function ask(claims: Record<string, unknown> = {}) {
  const token = await provider.token({ sub, o: { id: 'org_acme', rol: 'member', slg: 'acme' }, ...claims });
  const answer = await testApp.ask('{ viewer { id email profile { firstName } memberships { role } } }', {
    token,
  });
  return { viewer: answer.data?.viewer, code: answer.errors?.[0]?.extensions.code, token };
}

describe('a webhook', () => {
  it.each([
    ['another secret', { secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` }],
    ['no signature', { headers: { 'svix-signature': '' } }],
    ['a signature of something else', { headers: { 'svix-id': 'msg_other' } }],
    ['another version of signatures', { headers: { 'svix-signature': 'v2,AAAA' } }],
    ['a time that is no number', { headers: { 'svix-timestamp': 'soon' } }],
    ['a time before the last five minutes', { signedAt: Date.UTC(2026, 10, 20, 11, 50) }],
    ['a time after the next five minutes', { signedAt: Date.UTC(2026, 10, 21) }],
  ])('with %s is refused before it is read', async (_name, options) => {
    const { status, body } = await testApp.expectStatements(0, () =>
      sendWebhook(testApp, userEvent('user.updated', { id: sub, at: now() }), options),
    );

    expect([status, body.errors?.[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('accepts both signatures during a rotation of the secret', async () => {
    const { status } = await sendWebhook(testApp, { type: 'session.created', data: {} }, { id: 'msg_1' });
    const payload = JSON.stringify({ type: 'session.created', data: {} });
    const signed = new Webhook(webhookSecret).sign('msg_1', new Date(now()), payload);
    const second = await sendWebhook(testApp, payload, {
      id: 'msg_1',
      headers: { 'svix-signature': `v1,AAAA ${signed}` },
    });

    expect([status, second.status]).toEqual([200, 200]);
  });

  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['no event', '[]'],
    ['an event without its person', { type: 'user.updated', data: { updated_at: 1 } }],
    ['an event without its time', { type: 'user.updated', data: { id: 'user_1' } }],
    ['an author of an import', { type: 'user.deleted', data: { id: 'import:acme:ann' } }],
    ['a membership of nothing', { type: 'organizationMembership.created', data: { role: 'org:admin' } }],
  ])('that is signed and holds %s is refused with 400', async (_name, event) => {
    const { status, body } = await sendWebhook(testApp, event);

    expect([status, body.errors?.[0]?.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('of an unknown type is answered with 200 and ignored', async () => {
    const { status, body } = await testApp.expectStatements(0, () =>
      sendWebhook(testApp, { type: 'session.created', data: { id: 'sess_1' } }),
    );

    expect([status, body]).toEqual([200, { status: 'ignored' }]);
  });

  it('that is too large is rejected', async () => {
    expect((await sendWebhook(testApp, 'x'.repeat(300_000))).status).toBe(413);
  });

  it('has no route without a secret', async () => {
    const other = await startTestApp(provider.environment);
    const { status } = await sendWebhook(other, {});
    await other.close();

    expect(status).toBe(404);
  });
});

describe('a user event', () => {
  it("is visible in the user's next request, although the user is cached", async () => {
    await ask({ first_name: 'Ann', updated_at: 1000 });
    const event = userEvent('user.updated', {
      id: sub,
      firstName: 'Anna',
      email: `${sub}@example.org`,
      at: now(),
    });

    expect((await sendWebhook(testApp, event)).body).toEqual({ status: 'applied' });
    expect((await ask()).viewer).toMatchObject({
      email: `${sub}@example.org`,
      profile: { firstName: 'Anna' },
    });
  });

  it('applies once and by its own time, in any order of arrival', async () => {
    await ask();
    const older = userEvent('user.updated', { id: sub, firstName: 'Older', at: now() - 2000 });
    const newer = userEvent('user.updated', { id: sub, firstName: 'Newer', at: now() - 1000 });
    for (const event of [newer, older, newer]) await sendWebhook(testApp, event, { id: 'msg_same' });

    expect((await ask()).viewer.profile.firstName).toBe('Newer');
  });

  it('does not restore a name removed by a later event', async () => {
    await ask({ first_name: 'Ann', updated_at: now() - 3000 });
    await sendWebhook(testApp, userEvent('user.updated', { id: sub, firstName: '', at: now() - 1000 }));
    await sendWebhook(testApp, userEvent('user.updated', { id: sub, firstName: 'Late', at: now() - 2000 }));
    await sendWebhook(testApp, membership('updated', now()));

    expect((await ask()).viewer.profile.firstName).toBeNull();
  });

  it('does not restore a name that the user removed in Parley', async () => {
    const { token } = await ask({ first_name: 'Ann', updated_at: now() - 1000 });
    await testApp.data('mutation { updateProfile(input: { firstName: null }) { user { id } } }', { token });
    await sendWebhook(testApp, membership('updated', now()));

    expect((await ask()).viewer.profile.firstName).toBeNull();
  });

  it.each(['An\u0000n', 'Ann\ud800'])('ignores a name that cannot be stored: %j', async (firstName) => {
    await ask();
    const event = userEvent('user.updated', { id: sub, firstName, email: `${sub}@example.org`, at: now() });

    expect((await sendWebhook(testApp, event)).body).toEqual({ status: 'applied' });
    expect((await ask()).viewer).toMatchObject({
      email: `${sub}@example.org`,
      profile: { firstName: null },
    });
  });

  it('ignores an unverified address', async () => {
    await ask();
    const email = `unverified-${sub}@example.org`;
    await sendWebhook(
      testApp,
      userEvent('user.updated', { id: sub, email, status: 'unverified', at: now() }),
    );

    expect((await ask()).viewer.email).toBeNull();
  });

  it('creates no user without a tenant', async () => {
    await sendWebhook(testApp, userEvent('user.created', { id: sub, firstName: 'Nobody', at: now() }));
    const found = await testApp.database.query(sql`select id from users where external_id = ${sub}`);

    expect(found).toEqual([]);
  });
});

describe('a user deleted by the provider', () => {
  const deleted = () => ({
    type: 'user.deleted',
    timestamp: now(),
    data: { id: sub, deleted: true, object: 'user' },
  });

  it('is rejected from the next request on, by token, sessions and keys', async () => {
    const { viewer, token } = await ask({
      email: `${sub}@example.org`,
      email_verified: true,
      updated_at: 1000,
    });
    const key = await testApp.data(
      `mutation { createApiKey(input: { name: "a key", scopes: ["read"] }) { secret } }`,
      { token },
    );
    const secret: string = key.createApiKey.secret;
    await testApp.data('{ viewer { id } }', { token: secret });
    await sendWebhook(testApp, deleted());
    const codes = [token, secret].map(async (credential) => {
      const answer = await testApp.ask('{ viewer { id } }', { token: credential });
      return answer.errors?.[0]?.extensions.code;
    });

    expect(viewer.memberships).toHaveLength(1);
    expect(await Promise.all(codes)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    const [row] = await testApp.database
      .query(sql`select u.email, u.is_active, k.revoked_at is not null as revoked
      from users u join api_keys k on k.user_id = u.id where u.external_id = ${sub}`);
    expect(row).toEqual({ email: null, is_active: false, revoked: true });
  });

  it('stays deleted after later and earlier events', async () => {
    await sendWebhook(testApp, deleted());
    await sendWebhook(testApp, userEvent('user.updated', { id: sub, at: now() + 1000 }));
    await sendWebhook(testApp, membership('created', now() + 1000));

    expect((await ask({ iat: Math.floor(now() / 1000) + 2 })).code).toBe('UNAUTHENTICATED');
  });

  it('releases the address, also when older events arrive late', async () => {
    const email = `${sub}@example.org`;
    await ask({ email, email_verified: true, updated_at: now() - 2000 });
    await sendWebhook(testApp, deleted());
    await sendWebhook(testApp, userEvent('user.updated', { id: sub, email, at: now() - 1000 }));
    const next = await ask({ sub: `${sub}_again`, email, email_verified: true });

    expect(next.viewer.email).toBe(email);
  });
});

describe('a membership', () => {
  it("begins with the event, before the user's first request", async () => {
    await sendWebhook(testApp, membership('created', now(), 'org:admin'));
    const found = await testApp.database.query(sql`select u.first_name, m.role, m.is_active from users u
      join memberships m on m.user_id = u.id where u.external_id = ${sub}`);

    expect(found).toEqual([{ first_name: 'Public', role: 'ADMIN', is_active: true }]);
  });

  it('changes its role from the next request on, and no older event reverts it', async () => {
    const before = await ask();
    await sendWebhook(testApp, membership('updated', now() + 1000, 'org:admin'));
    const after = await testApp.data('{ viewer { memberships { role } } }', { token: before.token });
    await sendWebhook(testApp, membership('updated', now() - 5000, 'org:member'));

    expect(before.viewer.memberships).toEqual([{ role: 'MEMBER' }]);
    expect(after.viewer.memberships).toEqual([{ role: 'ADMIN' }]);
    expect((await ask()).viewer.memberships).toEqual([{ role: 'ADMIN' }]);
  });

  it('ends with the event, also for a valid token, until the provider restores it', async () => {
    await ask();
    await sendWebhook(testApp, membership('deleted', now() + 1000));
    const refused = await ask();
    await sendWebhook(testApp, membership('created', now() + 500));
    const stillRefused = await ask();
    await sendWebhook(testApp, membership('created', now() + 2000));

    expect([refused.code, stillRefused.code]).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    expect((await ask()).viewer.memberships).toEqual([{ role: 'MEMBER' }]);
  });

  it('that was removed before it was known does not begin afterwards', async () => {
    await sendWebhook(testApp, membership('deleted', now()));
    await sendWebhook(testApp, membership('created', now() - 1000));

    expect((await ask({ iat: Math.floor(now() / 1000) - 1 })).code).toBe('UNAUTHENTICATED');
  });

  it('suspended in Parley is not restored by the provider', async () => {
    const { viewer } = await ask();
    await testApp.database.query(sql`update memberships set is_active = false
      where user_id = (select id from users where external_id = ${sub})`);
    await sendWebhook(testApp, membership('deleted', now() + 1000));
    await sendWebhook(testApp, membership('created', now() + 2000));

    expect(viewer).not.toBeNull();
    expect((await ask()).code).toBe('UNAUTHENTICATED');
  });

  it('reinstated and suspended by an admin is not restored by the provider', async () => {
    const owner = await aUser(testApp, tenant, { role: 'OWNER' });
    const { viewer } = await ask();
    const setActive = (isActive: boolean) => change(owner, viewer.id, `isActive: ${isActive}`);
    await sendWebhook(testApp, membership('deleted', now() + 1000));
    await setActive(true);
    const { code } = await ask();
    await setActive(false);
    await sendWebhook(testApp, membership('created', now() + 2000));

    expect([code, (await ask()).code]).toEqual([undefined, 'UNAUTHENTICATED']);
  });

  it('suspended by an admin after the provider removed it is not restored', async () => {
    const owner = await aUser(testApp, tenant, { role: 'OWNER' });
    const { viewer } = await ask();
    await sendWebhook(testApp, membership('deleted', now() + 1000));
    await change(owner, viewer.id, 'isActive: false');
    await sendWebhook(testApp, membership('created', now() + 2000));

    expect((await ask()).code).toBe('UNAUTHENTICATED');
  });

  it("removed during an admin's change stays removed", async () => {
    const owner = await aUser(testApp, tenant, { role: 'OWNER' });
    const { viewer } = await ask();
    // What an admin writes waits for this, after the membership was read.
    const locker = await testApp.database.pool.connect();
    await locker.query('begin; lock table audit_log in exclusive mode');
    const changing = change(owner, viewer.id, 'permissions: ["x"]');
    await vi.waitFor(async () => expect(await waiting()).toBe(1));
    const ending = sendWebhook(testApp, membership('deleted', now() + 1000));
    await vi.waitFor(async () => expect([await waiting(), await isEnded()]).not.toEqual([1, false]));
    await locker.query('commit');
    locker.release();
    await Promise.all([changing, ending]);

    expect((await ask()).code).toBe('UNAUTHENTICATED');
  });

  it('ends with its organisation, except for members added in Parley', async () => {
    const other = await aTenant(testApp);
    await testApp.database.query(
      sql`update tenants set external_id = 'org_gone' where id = ${other.uuid}::uuid`,
    );
    const organisation = { o: { id: 'org_gone', rol: 'admin' } };
    const own = await aUser(testApp, other);
    const { viewer } = await ask(organisation);
    const event = {
      type: 'organization.deleted',
      timestamp: now() + 1000,
      data: { id: 'org_gone', deleted: true },
    };

    expect(viewer.memberships).toEqual([{ role: 'ADMIN' }]);
    await sendWebhook(testApp, event);
    expect((await ask(organisation)).code).toBe('UNAUTHENTICATED');
    expect((await testApp.data('{ viewer { id } }', { token: own.token })).viewer.id).toBe(own.id);
  });
});

/** What an admin says of a membership. */
function change({ token }: TestUser, userId: string, changes: string) {
  return testApp.data(
    `mutation { updateMembership(input: { userId: "${userId}", ${changes} }) { userErrors { message } } }`,
    { token },
  );
}

/** How many wait for a lock. */
async function waiting(): Promise<number> {
  const rows = await testApp.database.query(sql`select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`);
  return rows.length;
}

/** Whether the person's membership has ended, as others see it. */
async function isEnded(): Promise<boolean> {
  const rows = await testApp.database.query(sql`select from memberships where not is_active
    and user_id = (select id from users where external_id = ${sub})`);
  return rows.length > 0;
}
