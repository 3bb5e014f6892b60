import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createUserService } from '../../../src/domains/user/service.ts';
import { aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let ada: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  ada = await aUser(testApp, tenant, { firstName: 'Ada', lastName: 'Lovelace', role: 'ADMIN' });
});
afterAll(() => testApp.close());

const profile = 'profile { firstName lastName bio avatarUrl locale timezone preferences updatedAt }';

describe('updateProfile', () => {
  const update = (input: Readonly<Record<string, unknown>>, token = ada.token) =>
    testApp.data(
      `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) {
        user { displayName ${profile} } userErrors { code path } } }`,
      { token, variables: { input } },
    );

  it('changes given fields, clears nulls, and leaves the rest', async () => {
    testApp.clock.advance(1000);
    await update({ firstName: 'Augusta' });
    await update({
      firstName: 'Ada',
      bio: 'Counts',
      timezone: 'Europe/London',
      preferences: { theme: 'dark' },
    });
    const data = await update({
      lastName: null,
      bio: null,
      locale: 'en-GB',
      avatarUrl: 'https://example.org/ada.png',
    });

    expect(data.updateProfile).toEqual({
      user: {
        displayName: 'Ada',
        profile: {
          firstName: 'Ada',
          lastName: null,
          bio: null,
          avatarUrl: 'https://example.org/ada.png',
          locale: 'en-GB',
          timezone: 'Europe/London',
          preferences: { theme: 'dark' },
          updatedAt: '2026-11-20T12:00:01.000Z',
        },
      },
      userErrors: [],
    });
  });

  it('is visible to all users immediately, although profiles are cached', async () => {
    const reader = await aUser(testApp, tenant);
    const read = async () =>
      (await testApp.data(`{ user(id: "${ada.id}") { profile { bio } } }`, { token: reader.token })).user
        .profile.bio;
    await update({ bio: 'old' });

    expect(await read()).toBe('old');
    await testApp.expectStatements(0, read);
    await update({ bio: 'new' });
    expect(await read()).toBe('new');
  });

  it('is invalidated after the write, not before', async () => {
    const { app, clock } = testApp;
    const person = await aUser(testApp, tenant, { firstName: 'Before' });
    const read = async () =>
      (await testApp.data('{ viewer { profile { firstName } } }', { token: person.token })).viewer.profile
        .firstName;
    // A reader in the middle of the write puts the old profile into the cache.
    const queries = {
      ...app.queries.user,
      updateProfile: async (...args: Parameters<typeof app.queries.user.updateProfile>) => {
        await read();
        await app.queries.user.updateProfile(...args);
      },
    };
    const service = createUserService({
      queries,
      waitForInvalidation: () => app.coherence.waitForInvalidation(),
      clock,
    });
    await service.updateProfile(
      {
        tenantId: tenant.uuid,
        userId: person.uuid,
        role: 'MEMBER',
        isPlatformAdmin: false,
        session: null,
        apiKeyId: null,
        scopes: [],
      },
      { firstName: 'After' },
    );

    expect(await read()).toBe('After');
  });

  it('is not undone by a concurrent read', async () => {
    const read = () => testApp.data(`{ user(id: "${ada.id}") { profile { bio } } }`, { token: ada.token });
    for (let round = 0; round < 20; round += 1) {
      await testApp.app.caches.profiles.invalidate('all');
      const underWay = Array.from({ length: 5 }, read);
      await update({ bio: `round ${round}` });
      expect((await read()).user.profile.bio).toBe(`round ${round}`);
      await Promise.all(underWay);
      expect((await read()).user.profile.bio).toBe(`round ${round}`);
    }
  });
});

describe('users', () => {
  it('are found by similar names or addresses, best match first, in pages', async () => {
    const own = await aTenant(testApp);
    const admin = await aUser(testApp, own, { role: 'OWNER', firstName: 'Zoe', lastName: 'Quill' });
    for (const [firstName, lastName] of [
      ['Grace', 'Hopper'],
      ['Gracia', 'Hoper'],
      ['Grace', 'Hoppersson'],
      ['Alan', 'Turing'],
    ]) {
      await aUser(testApp, own, { firstName: firstName ?? '', lastName: lastName ?? '' });
    }
    const search = async (args: string) => {
      const data = await testApp.data(
        `{ users(${args}) { totalCount edges { cursor node { displayName } } pageInfo { hasNextPage hasPreviousPage } } }`,
        { token: admin.token },
      );
      return data.users;
    };
    const all = await search('search: "grace hoper"');
    const names = all.edges.map((edge: { node: { displayName: string } }) => edge.node.displayName);
    const paged: string[] = [];
    for (let after = ''; ;) {
      const page = await search(`search: "grace hoper", first: 1${after}`);
      paged.push(page.edges[0].node.displayName);
      if (!page.pageInfo.hasNextPage) break;
      after = `, after: "${page.edges[0].cursor}"`;
    }
    const otherSearch = await testApp.ask(
      `{ users(search: "turing", after: "${all.edges[0].cursor}") { totalCount } }`,
      { token: admin.token },
    );

    expect(names.slice(0, 2)).toEqual(['Grace Hopper', 'Grace Hoppersson']);
    expect(names.slice(2)).toEqual(['Gracia Hoper']);
    expect(all.totalCount).toBe(names.length);
    expect(paged).toEqual(names);
    expect(otherSearch.errors?.[0]?.extensions.code).toBe('INVALID_CURSOR');
  });

  it('are filtered by role', async () => {
    const own = await aTenant(testApp);
    const admin = await aUser(testApp, own, { role: 'OWNER' });
    const guest = await aUser(testApp, own, { role: 'GUEST' });
    const data = await testApp.data(
      '{ users(role: GUEST) { nodes { id } } tenant { members(role: OWNER) { nodes { role user { id } } } } }',
      {
        token: admin.token,
      },
    );

    const found = await testApp.data('{ users(role: GUEST, search: "test person") { nodes { id } } }', {
      token: admin.token,
    });
    testApp.clock.advance(1000);
    const last = await aUser(testApp, own);
    const all = await testApp.data('{ users { nodes { id } } }', { token: admin.token });

    expect(all.users.nodes.map((node: { id: string }) => node.id).at(-1)).toBe(last.id);
    expect(found.users.nodes).toEqual([{ id: guest.id }]);
    expect(data.users.nodes).toEqual([{ id: guest.id }]);
    expect(data.tenant.members.nodes).toEqual([{ role: 'OWNER', user: { id: admin.id } }]);
  });
});

describe('completeOnboarding', () => {
  it('is stored, visible through caches, and changes nothing when repeated', async () => {
    const person = await aUser(testApp, tenant);
    const query = '{ viewer { onboardingCompleted profile { updatedAt } } }';
    const before = await testApp.data(query, { token: person.token });
    const complete = () =>
      testApp.data(
        'mutation { completeOnboarding { user { id onboardingCompleted } userErrors { code } } }',
        {
          token: person.token,
        },
      );
    const answers = await Promise.all([complete(), complete()]);

    expect(before.viewer.onboardingCompleted).toBe(false);
    for (const answer of answers) {
      expect(answer.completeOnboarding).toEqual({
        user: { id: person.id, onboardingCompleted: true },
        userErrors: [],
      });
    }
    expect((await testApp.data(query, { token: person.token })).viewer).toEqual({
      ...before.viewer,
      onboardingCompleted: true,
    });
  });
});

describe('sessions of a user', () => {
  it('mark the current one, newest first, and exclude expired ones unless requested', async () => {
    const person = await aUser(testApp, tenant);
    for (const name of ['revoked', 'expired', 'newest']) {
      testApp.clock.advance(1000);
      const now = testApp.clock.now();
      await testApp.database.query(sql`insert into sessions
          (tenant_id, id, user_id, token_hash, user_agent, created_at, expires_at, revoked_at)
        values (${tenant.uuid}::uuid, gen_random_uuid(), ${person.uuid}::uuid, sha256(${name + person.id}::bytea), ${name},
          ${new Date(now)}, ${new Date(name === 'expired' ? now : now + 3_600_000)},
          ${name === 'revoked' ? new Date(now) : null})`);
    }
    const list = async (args: string) => {
      const query = `{ viewer { sessions${args} { totalCount nodes { isCurrent userAgent } } } }`;
      const { sessions } = (await testApp.data(query, { token: person.token })).viewer;
      expect(sessions.totalCount).toBe(sessions.nodes.length);
      return sessions.nodes.map((node: { isCurrent: boolean; userAgent: string | null }) =>
        node.isCurrent ? 'current' : node.userAgent,
      );
    };

    expect(await list('')).toEqual(['newest', 'current']);
    expect(await list('(activeOnly: false)')).toEqual(['newest', 'expired', 'revoked', 'current']);
  });
});
