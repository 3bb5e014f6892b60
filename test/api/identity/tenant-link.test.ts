import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { linkTenantTo } from '../../../src/cli/tenant.ts';
import { createId } from '../../../src/platform/ids.ts';
import { aTenant, type TestTenant } from '../../support/builders.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../../support/identity-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { membershipEvent, sendWebhook, webhookSecret } from '../../support/webhook.ts';

let provider: TestIdentityProvider;
let testApp: TestApp;
let tenant: TestTenant;
let organisation: string;
let sub: string;

beforeAll(async () => {
  provider = await startIdentityProvider();
  testApp = await startTestApp({ ...provider.environment, IDENTITY_WEBHOOK_SECRET: webhookSecret });
  provider.clock = testApp.clock;
});
beforeEach(async () => {
  tenant = await aTenant(testApp);
  organisation = `org_${createId().slice(-12)}`;
  sub = `user_${createId().slice(-12)}`;
});
afterAll(async () => {
  await testApp.close();
  await provider.close();
});

function link(tenantSlug: string, organisationId: string, isReplacing = false, lines: string[] = []) {
  const logger = pino({}, { write: (line: string) => lines.push(line) });
  return linkTenantTo(testApp.database, logger, { tenantSlug, organisationId, isReplacing });
}

async function ask(id: string) {
  const token = await provider.token({ sub, o: { id } });
  const answer = await testApp.ask('{ viewer { id } tenant { slug } }', { token });
  return answer.data?.tenant?.slug ?? answer.errors?.[0]?.extensions.code;
}

describe('parley tenant link', () => {
  it('links a tenant, whose organisation is accepted from then on, and logs the link', async () => {
    const lines: string[] = [];

    expect(await link(tenant.slug, organisation, false, lines)).toContain('now');
    expect(await ask(organisation)).toBe(tenant.slug);
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({
        msg: 'tenant linked to organisation',
        tenant: tenant.slug,
        organisation,
        reason: 'command',
      }),
    );
    expect(await link(tenant.slug, organisation)).toContain('already');
  });

  it('ends what a running server remembers of the former link', async () => {
    await link(tenant.slug, organisation);
    await ask(organisation);
    const remembered = await testApp.expectStatements(1, () => ask(organisation));
    await link(tenant.slug, `${organisation}_2`, true);

    expect(remembered).toBe(tenant.slug);
    expect([await ask(organisation), await ask(`${organisation}_2`)]).toEqual([
      'UNAUTHENTICATED',
      tenant.slug,
    ]);
  });

  it.each([
    ['an unknown slug', () => link('nowhere', organisation), 'There is no tenant with the slug nowhere.'],
    ['an empty id', () => link(tenant.slug, ''), 'must have 2 to 255 characters'],
    ['a NUL in the id', () => link(tenant.slug, 'org\0id'), 'must have 2 to 255 characters'],
  ])('refuses %s', async (_case, work, message) => {
    await expect(work()).rejects.toThrow(message);
  });

  it('refuses an organisation of another tenant, also when it replaces', async () => {
    const other = await aTenant(testApp, undefined, organisation);

    await expect(link(tenant.slug, organisation, true)).rejects.toThrow(
      `linked to tenant ${other.slug} already`,
    );
  });

  it('refuses a tenant of another organisation, unless it replaces', async () => {
    await link(tenant.slug, organisation);

    await expect(link(tenant.slug, `${organisation}_2`)).rejects.toThrow(
      `Tenant ${tenant.slug} is linked to organisation ${organisation} already; add --replace`,
    );
    expect(await link(tenant.slug, `${organisation}_2`, true)).toContain('now');
  });
});

describe('a webhook about a member of an organisation', () => {
  it('makes no member of a tenant that only has the slug of the organisation', async () => {
    const slugged = await aTenant(testApp, `slug-of-${organisation}`);
    const event = { userId: sub, organisationId: organisation, role: 'org:admin', at: testApp.clock.now() };
    const { status } = await sendWebhook(testApp, membershipEvent('organizationMembership.created', event));
    testApp.clock.advance(1000);

    expect([status, await ask(organisation)]).toEqual([200, 'UNAUTHENTICATED']);
    expect(await link(slugged.slug, organisation)).toContain('now');
  });
});
