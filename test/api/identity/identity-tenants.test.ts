import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createId } from '../../../src/platform/ids.ts';
import { aConversation, aMembership, aTenant, type TestTenant } from '../../support/builders.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../../support/identity-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const who = '{ viewer { id } tenant { slug } }';

let provider: TestIdentityProvider;
let testApp: TestApp;
let provisioning: TestApp;
let linking: TestApp;
const lines: string[] = [];
let tenant: TestTenant;
let organisation: string;
let sub: string;

beforeAll(async () => {
  provider = await startIdentityProvider();
  testApp = await startTestApp(provider.environment);
  const keep = (line: string) => lines.push(line);
  provisioning = await startTestApp({ ...provider.environment, IDENTITY_PROVISION_TENANTS: 'true' }, keep);
  linking = await startTestApp({ ...provider.environment, IDENTITY_LINK_BY_SLUG: 'true' }, keep);
  provider.clock = testApp.clock;
});
beforeEach(async () => {
  tenant = await aTenant(testApp);
  organisation = `org_${createId().slice(-12)}`;
  sub = `user_${createId().slice(-12)}`;
});
afterAll(async () => {
  await testApp.close();
  await provisioning.close();
  await linking.close();
  await provider.close();
});

async function ask(app: TestApp, claims: Record<string, unknown>, headers: Record<string, string> = {}) {
  const token = await provider.token({ sub, ...claims });
  const answer = await app.ask(who, { token, headers });
  return { slug: answer.data?.tenant?.slug, code: answer.errors?.[0]?.extensions.code };
}

/** The links between tenants and organisations that were logged. */
function links(): Record<string, unknown>[] {
  const logged: Record<string, unknown>[] = lines.map((line) => JSON.parse(line));
  return logged
    .filter(({ msg, level }) => msg === 'tenant linked to organisation' && level === 30)
    .map(({ tenant: slug, organisation: id, reason }) => ({ tenant: slug, organisation: id, reason }));
}

async function link({ uuid }: TestTenant, id: string): Promise<void> {
  await testApp.database.query(sql`update tenants set external_id = ${id} where id = ${uuid}::uuid`);
}

async function peopleCalled(subject: string, app = testApp): Promise<number> {
  const found = await app.database.query(sql`select id from users where external_id = ${subject}`);
  return found.length;
}

describe('the tenant of a token', () => {
  it("is its organisation's", async () => {
    await link(tenant, organisation);

    expect(await ask(testApp, { o: { id: organisation, slg: 'whatever' } })).toEqual({ slug: tenant.slug });
  });

  it.each([
    ['with its id', 'org_of_a_stranger'],
    ['without an id', undefined],
  ])('is never found by the slug of an organisation, %s', async (_case, id) => {
    const claims = { org_id: id && `${id}_${organisation}`, org_slug: tenant.slug, org_role: 'admin' };
    const answers = [await ask(testApp, claims), await ask(testApp, claims, { 'x-tenant': tenant.slug })];
    const [row] = await testApp.database.query<{ organisation: string | null }>(
      sql`select external_id as organisation from tenants where id = ${tenant.uuid}::uuid`,
    );

    expect(answers).toEqual([{ code: 'UNAUTHENTICATED' }, { code: 'UNAUTHENTICATED' }]);
    expect(row).toEqual({ organisation: null });
    expect(await peopleCalled(sub)).toBe(0);
  });

  it('is not the tenant of the same slug for a member by invitation', async () => {
    await link(tenant, organisation);
    await ask(testApp, { o: { id: organisation } });
    await testApp.database.query(sql`update tenants set external_id = null where id = ${tenant.uuid}::uuid`);
    await testApp.app.coherence.waitForInvalidation();

    expect(await ask(testApp, { o: { id: 'org_of_a_stranger', slg: tenant.slug } })).toEqual({
      code: 'UNAUTHENTICATED',
    });
  });

  it('is the tenant that was linked by slug if the organisation has no id', async () => {
    await link(tenant, `slug:${organisation}`);

    expect(await ask(testApp, { org_slug: organisation })).toEqual({ slug: tenant.slug });
    expect(await ask(testApp, { sub: `${sub}_2`, org_id: `slug:${organisation}` })).toEqual({
      code: 'UNAUTHENTICATED',
    });
  });

  it('is none for an unknown organisation, and no user is created', async () => {
    expect(await ask(testApp, { o: { id: organisation, rol: 'admin', slg: 'unknown' } })).toEqual({
      code: 'UNAUTHENTICATED',
    });
    expect(await peopleCalled(sub)).toBe(0);
  });

  it('is not looked up with every request while the organisation is unknown', async () => {
    await link(tenant, organisation);
    await ask(testApp, { o: { id: organisation } });
    const elsewhere = { o: { id: `${organisation}_2` } };
    const here = { 'x-tenant': tenant.slug };
    await ask(testApp, elsewhere, here);
    // One statement for the tenant that the query selects.
    const again = await testApp.expectStatements(1, () => ask(testApp, elsewhere, here));
    const refused = await testApp.expectStatements(0, () => ask(testApp, elsewhere));
    const other = await aTenant(testApp);
    await link(other, `${organisation}_2`);
    for (const { clock } of [testApp, provisioning, linking]) clock.advance(10_000);

    expect([again.slug, refused.code]).toEqual([tenant.slug, 'UNAUTHENTICATED']);
    expect(await ask(testApp, elsewhere)).toEqual({ slug: other.slug });
  });

  it('is none for an unknown user without an organisation, and no user is created', async () => {
    expect(await ask(testApp, {})).toEqual({ code: 'UNAUTHENTICATED' });
    expect(await peopleCalled(sub)).toBe(0);
  });

  it('is the first joined when the token names none', async () => {
    const second = await aTenant(testApp);
    await link(tenant, organisation);
    await link(second, `${organisation}_2`);
    await ask(testApp, { o: { id: organisation } });
    testApp.clock.advance(1000);
    await ask(testApp, { o: { id: `${organisation}_2` } });

    expect(await ask(testApp, {})).toEqual({ slug: tenant.slug });
  });

  it("can be another of the user's tenants by x-tenant, and no other", async () => {
    const second = await aTenant(testApp);
    const foreign = await aTenant(testApp);
    await link(tenant, organisation);
    await ask(testApp, { o: { id: organisation } });
    const [person] = await testApp.database.query<{ id: string }>(
      sql`select id from users where external_id = ${sub}`,
    );
    await aMembership(testApp, second, { uuid: person?.id ?? '' });
    await testApp.app.coherence.waitForInvalidation();
    const answers = [second.slug, foreign.slug, 'nonsense', organisation].map((slug) =>
      ask(testApp, { o: { id: organisation } }, { 'x-tenant': slug }),
    );

    expect(await Promise.all(answers)).toEqual([
      { slug: second.slug },
      { code: 'UNAUTHENTICATED' },
      { code: 'UNAUTHENTICATED' },
      { code: 'UNAUTHENTICATED' },
    ]);
  });

  it('shows nothing of other tenants', async () => {
    const other = await aTenant(testApp);
    await link(tenant, organisation);
    await link(other, `${organisation}_2`);
    const secret = await aConversation(testApp, other, {
      title: 'A secret of the other',
      messages: ['secret'],
    });
    const token = await provider.token({ sub, o: { id: organisation, rol: 'admin' } });
    const data = await testApp.data(
      `{ conversation(id: "${secret.id}") { title } node(id: "${secret.messageIds[0]}") { id }
         conversations { totalCount } searchMessages(query: "secret") { totalCount } }`,
      { token },
    );

    expect(data).toEqual({
      conversation: null,
      node: null,
      conversations: { totalCount: 0 },
      searchMessages: { totalCount: 0 },
    });
  });
});

describe('the tenant of a token with IDENTITY_LINK_BY_SLUG', () => {
  it('is the one of the same slug, which is linked to the organisation from then on', async () => {
    const slugged = await aTenant(linking);
    const first = await ask(linking, { org_id: organisation, org_slug: slugged.slug });
    const renamed = await ask(linking, { org_id: organisation, org_slug: 'renamed' });
    const other = await ask(linking, {
      sub: `${sub}_2`,
      org_id: 'org_of_somebody_else',
      org_slug: slugged.slug,
    });

    expect([first, renamed]).toEqual([{ slug: slugged.slug }, { slug: slugged.slug }]);
    expect(other).toEqual({ code: 'UNAUTHENTICATED' });
    expect(await peopleCalled(`${sub}_2`, linking)).toBe(0);
    expect(links()).toContainEqual({ tenant: slugged.slug, organisation, reason: 'slug' });
  });

  it('belongs to one of two organisations that come for it concurrently', async () => {
    const slugged = await aTenant(linking);
    const answers = await Promise.all(
      ['one', 'two'].map((name) =>
        ask(linking, { sub: `${sub}_${name}`, org_id: `${organisation}_${name}`, org_slug: slugged.slug }),
      ),
    );

    expect(answers.filter(({ slug }) => slug === slugged.slug)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'UNAUTHENTICATED')).toHaveLength(1);
    expect(links().filter((link) => link.tenant === slugged.slug)).toHaveLength(1);
  });
});

describe('an unknown organisation, with provisioning', () => {
  it('becomes a tenant of its own when its slug is that of a tenant without an organisation', async () => {
    const slugged = await aTenant(provisioning);
    const withoutId = await ask(provisioning, { sub: `${sub}_2`, org_slug: slugged.slug });

    expect(await ask(provisioning, { o: { id: organisation, slg: slugged.slug } })).toEqual({
      slug: organisation,
    });
    expect(withoutId).toEqual({ code: 'UNAUTHENTICATED' });
    expect(links()).toContainEqual({ tenant: organisation, organisation, reason: 'provisioning' });
  });

  it('becomes a tenant of its slug when it has no id, and is known by the slug from then on', async () => {
    const first = await ask(provisioning, { org_slug: organisation });
    provisioning.clock.advance(1000);

    expect([first, await ask(provisioning, { org_slug: organisation })]).toEqual([
      { slug: organisation },
      { slug: organisation },
    ]);
  });

  it('becomes one tenant for 20 concurrent first requests', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        ask(provisioning, { sub: `${sub}_${index}`, o: { id: organisation, slg: `${organisation}-slug` } }),
      ),
    );

    expect(new Set(answers.map(({ slug }) => slug))).toEqual(new Set([`${organisation}-slug`]));
  });

  it('gets its ID as slug when its slug is taken', async () => {
    const name = `${organisation}-name`;
    await ask(provisioning, { o: { id: `${organisation}_first`, slg: name } });

    expect(await ask(provisioning, { o: { id: organisation, slg: name } })).toEqual({ slug: organisation });
  });

  it.each([' ', 'Ä/../', '-', 'x'.repeat(101)])(
    'gets its ID as slug when its slug is invalid: %j',
    async (name) => {
      const id = `${organisation}_${name.length}`;

      expect(await ask(provisioning, { o: { id, slg: name } })).toEqual({ slug: id });
    },
  );

  it('rejects a token without an organisation', async () => {
    expect(await ask(provisioning, {})).toEqual({ code: 'UNAUTHENTICATED' });
    expect(await peopleCalled(sub, provisioning)).toBe(0);
  });
});
