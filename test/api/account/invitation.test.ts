import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  aMembership,
  anApiKey,
  aTenant,
  aUser,
  type TestTenant,
  type TestUser,
} from '../../support/builders.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../../support/identity-provider.ts';
import { startMailSink, tokenIn, type MailSink } from '../../support/mail-sink.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let provider: TestIdentityProvider;
let sink: MailSink;
let testApp: TestApp;
let tenant: TestTenant;
let people: Readonly<Record<'owner' | 'admin' | 'member' | 'stranger', TestUser>>;

beforeAll(async () => {
  provider = await startIdentityProvider();
  sink = await startMailSink();
  testApp = await startTestApp({
    ...provider.environment,
    ...sink.environment,
    SIGN_IN_LIMIT_PER_ADDRESS: '100000',
  });
  provider.clock = testApp.clock;
  await testApp.database.query(sql`insert into app_settings (id, sign_up_enabled) values (1, true)
    on conflict (id) do update set sign_up_enabled = true`);
});
afterAll(async () => {
  await testApp.close();
  await sink.close();
  await provider.close();
});
beforeEach(async () => {
  tenant = await aTenant(testApp);
  people = {
    owner: await aUser(testApp, tenant, { role: 'OWNER' }),
    admin: await aUser(testApp, tenant, { role: 'ADMIN' }),
    member: await aUser(testApp, tenant),
    stranger: await aUser(testApp, await aTenant(testApp), { firstName: 'Secret' }),
  };
});

async function mutate(
  name: string,
  input: Readonly<Record<string, unknown>>,
  selection: string,
  token?: string,
) {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const data = await testApp.data(
    `mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} userErrors { code path } } }`,
    { token, variables: { input } },
  );
  return data[name];
}

const invite = (email: string, role: string, { token }: TestUser) =>
  mutate('inviteMember', { email, role }, 'invitation { id email role } token', token);
const accept = (input: Readonly<Record<string, unknown>>, token?: string) =>
  mutate('acceptInvitation', input, 'invitation { tenantSlug role }', token);

/** The token of the last mail to an address. */
async function mailedToken(email: string): Promise<string> {
  await testApp.app.mail.idle();
  const mail = sink.mails.findLast(({ to }) => to.includes(email));
  return tokenIn(mail ?? { text: '' });
}

const membersOf = (user: TestUser) =>
  testApp.data('{ tenant { members { nodes { user { id displayName } role } } } }', { token: user.token });
const refusedWith = (code: string, ...path: string[]) => [{ code, path: ['input', ...path] }];

describe('inviteMember', () => {
  it('shows the address alone, with and without an account, until its person accepts', async () => {
    const known = await invite(people.stranger.email.toUpperCase(), 'MEMBER', people.admin);
    const unknown = await invite(`new-${tenant.slug}@example.org`, 'MEMBER', people.admin);
    const before = await membersOf(people.owner);
    const list = await testApp.data(
      '{ invitations { totalCount nodes { email role } } users { totalCount } }',
      {
        token: people.admin.token,
      },
    );
    const seen = await testApp.data(`{ user(id: "${people.stranger.id}") { id } }`, {
      token: people.owner.token,
    });

    expect(Object.keys(known.invitation)).toEqual(Object.keys(unknown.invitation));
    expect([known.userErrors, known.token, unknown.token]).toEqual([[], null, null]);
    expect(before.tenant.members.nodes).toHaveLength(3);
    expect(list.invitations.totalCount).toBe(2);
    expect(list.users.totalCount).toBe(3);
    expect(seen.user).toBeNull();
  });

  it('sends the token to the address alone, in a link of the product', async () => {
    const email = `mail-${tenant.slug}@example.org`;
    await invite(email, 'GUEST', people.admin);
    const token = await mailedToken(email);
    const mail = sink.mails.findLast(({ to }) => to.includes(email));

    expect(mail).toMatchObject({
      from: 'parley@example.org',
      to: [email],
      subject: `Invitation to ${tenant.slug}`,
      text: expect.stringContaining(`https://chat.example.org/accept-invitation#token=${token}`),
    });
  });

  it('is rejected for members, suspended ones included', async () => {
    expect((await invite(people.member.email, 'MEMBER', people.admin)).userErrors).toEqual(
      refusedWith('CONFLICT', 'email'),
    );
    await testApp.database.query(
      sql`update memberships set is_active = false where user_id = ${people.member.uuid}::uuid`,
    );
    expect((await invite(people.member.email, 'MEMBER', people.admin)).userErrors).toEqual(
      refusedWith('CONFLICT', 'email'),
    );
  });

  it.each(['OWNER', 'ADMIN'])('is not for an admin to make an %s', async (role) => {
    const email = `r-${tenant.slug}@example.org`;
    expect((await invite(email, role, people.admin)).userErrors).toEqual(refusedWith('FORBIDDEN', 'role'));
    await invite(email, role, people.owner);
    expect((await invite(email, 'GUEST', people.admin)).userErrors).toEqual(refusedWith('FORBIDDEN', 'role'));
  });

  it('keeps one open invitation for 20 concurrent requests, with one token that works', async () => {
    const email = `c-${tenant.slug}@example.org`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => invite(email, 'GUEST', people.owner)));
    await testApp.app.mail.idle();
    const tokens = sink.mails.filter(({ to }) => to.includes(email)).map(tokenIn);
    const accepted = [];
    for (const token of tokens) accepted.push((await accept({ token })).invitation);

    expect(new Set(answers.map(({ invitation }) => invitation.id)).size).toBe(1);
    expect(tokens).toHaveLength(20);
    expect(accepted.filter((each) => each !== null)).toHaveLength(1);
  });

  it.each(['member', 'stranger'] as const)('is FORBIDDEN for a %s of no such role', async (who) => {
    const answer = await testApp.ask(
      'mutation { inviteMember(input: { email: "x@example.org", role: GUEST }) { userErrors { code } } }',
      { token: people[who].token },
    );

    expect(answer.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it.each(['nobody', 'a@b', ''])('reports the malformed address %j at its path', async (email) => {
    expect((await invite(email, 'GUEST', people.owner)).userErrors).toEqual(
      refusedWith('BAD_USER_INPUT', 'email'),
    );
  });
});

describe('acceptInvitation', () => {
  it('makes a signed-in person with the verified address a member', async () => {
    const { invitation } = await invite(people.stranger.email, 'GUEST', people.admin);
    const received = await testApp.data('{ receivedInvitations { id tenantName tenantSlug role } }', {
      token: people.stranger.token,
    });
    const accepted = await accept({ invitationId: invitation.id }, people.stranger.token);
    const there = await testApp.data('{ tenant { slug } }', {
      token: people.stranger.token,
      headers: { 'x-tenant': tenant.slug },
    });

    expect(received.receivedInvitations).toEqual([
      { id: invitation.id, tenantName: tenant.slug, tenantSlug: tenant.slug, role: 'GUEST' },
    ]);
    expect(accepted.invitation).toEqual({ tenantSlug: tenant.slug, role: 'GUEST' });
    expect(there.tenant.slug).toBe(tenant.slug);
    expect((await accept({ invitationId: invitation.id }, people.stranger.token)).userErrors[0].code).toBe(
      'NOT_FOUND',
    );
  });

  it('needs the verified address, and no other account or API key', async () => {
    const { invitation } = await invite(people.stranger.email, 'GUEST', people.admin);
    const other = await aUser(testApp, await aTenant(testApp));
    await testApp.database.query(
      sql`update users set email_verified_at = null where id = ${people.stranger.uuid}::uuid`,
    );
    const byId = { invitationId: invitation.id };
    const home = await aTenant(testApp);
    await aMembership(testApp, home, people.stranger);
    const key = await anApiKey(testApp, home, people.stranger);

    expect((await accept(byId, people.stranger.token)).userErrors[0].code).toBe('NOT_FOUND');
    expect((await accept(byId, other.token)).userErrors[0].code).toBe('NOT_FOUND');
    expect((await accept(byId, key.secret)).userErrors[0].code).toBe('FORBIDDEN');
    const mailed = { token: await mailedToken(people.stranger.email) };
    expect((await accept(mailed, other.token)).userErrors).toEqual(refusedWith('FORBIDDEN', 'token'));
    expect((await accept(mailed, people.stranger.token)).invitation.role).toBe('GUEST');
  });

  it('lets a newcomer of the identity provider in, by the mailed token and the verified address', async () => {
    const email = `ada-${tenant.slug}@example.org`;
    const subject = `user_${tenant.slug}`;
    await invite(email, 'ADMIN', people.owner);
    const token = await provider.token({ sub: subject, email, email_verified: true });
    const headers = { 'x-tenant': tenant.slug };
    const before = await testApp.ask('{ viewer { id } }', { token, headers });
    await accept({ token: await mailedToken(email) });
    const unverified = await provider.token({ sub: `${subject}_eve`, email, email_verified: false });
    const eve = await testApp.ask('{ viewer { id } }', { token: unverified, headers });
    const after = await testApp.data('{ viewer { memberships { role } } }', { token, headers });

    expect(before.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(eve.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(after.viewer.memberships).toEqual([{ role: 'ADMIN' }]);
  });

  it('does not undo a suspension that is younger than the invitation', async () => {
    const email = people.stranger.email;
    await invite(email, 'GUEST', people.owner);
    await aMembership(testApp, tenant, people.stranger);
    await testApp.database.query(sql`update memberships set is_active = false
      where tenant_id = ${tenant.uuid}::uuid and user_id = ${people.stranger.uuid}::uuid`);

    expect((await accept({ token: await mailedToken(email) })).userErrors[0].code).toBe('NOT_FOUND');
  });

  it('is over after revokeInvitation and after a week', async () => {
    const [first, second] = [`1-${tenant.slug}@example.org`, `2-${tenant.slug}@example.org`];
    const { invitation } = await invite(first, 'GUEST', people.owner);
    await invite(second, 'GUEST', people.owner);
    const tokens = [await mailedToken(first), await mailedToken(second)];
    const revoked = await mutate(
      'revokeInvitation',
      { invitationId: invitation.id },
      'invitation { email }',
      people.admin.token,
    );
    testApp.clock.advance(7 * 24 * 60 * 60 * 1000 + 1);

    expect(revoked.invitation.email).toBe(first);
    for (const token of tokens)
      expect((await accept({ token })).userErrors).toEqual(refusedWith('NOT_FOUND', 'token'));
  });
});

describe('signUp', () => {
  it('makes an invited newcomer a member with a password, signed in', async () => {
    const email = `new-${tenant.slug}@example.org`;
    await invite(email, 'MEMBER', people.owner);
    const input = { token: await mailedToken(email), password: 'correct horse', firstName: 'Grace' };
    const signedUp = await mutate('signUp', input, 'token user { displayName } session { tenant { slug } }');
    const signIn = await mutate(
      'signIn',
      { email, password: 'correct horse', tenantSlug: tenant.slug },
      'user { displayName }',
    );

    expect(signedUp).toMatchObject({
      token: expect.stringMatching(/^parley_session_/),
      user: { displayName: 'Grace' },
      session: { tenant: { slug: tenant.slug } },
    });
    expect(signIn.user).toEqual({ displayName: 'Grace' });
    expect((await mutate('signUp', input, 'token')).userErrors).toEqual(refusedWith('NOT_FOUND', 'token'));
  });
});
