import type { Config } from '../app/config/config.ts';
import { linkTenant, type LinkOutcome } from '../domains/identity/organisation/queries.ts';
import { withPlatform } from '../app/open-platform.ts';
import { PostgresCoherence } from '../caching/coherence/postgres-coherence.ts';
import type { Database } from '../platform/postgres/database.ts';
import { isStorable } from '../platform/text.ts';
import type { Logger } from '../platform/telemetry/logger.ts';

/** A tenant by its slug, and an organisation by the identity provider's id. */
export interface LinkRequest {
  readonly tenantSlug: string;
  readonly organisationId: string;
  /** Whether the tenant may be linked to another organisation now. */
  readonly isReplacing: boolean;
}

/** Links a tenant to an organisation of the identity provider, and prints that it has. */
export async function linkTenantCommand(config: Config, request: LinkRequest): Promise<number> {
  return withPlatform(config, async ({ database, logger }) => {
    console.log(await linkTenantTo(database, logger, request));
    return 0;
  });
}

/**
 * Links a tenant to an organisation; afterwards no server process answers by the former link.
 * @returns a sentence about the result
 * @throws Error when the tenant does not exist, or either of the two is linked already
 */
export async function linkTenantTo(
  database: Database,
  logger: Logger,
  request: LinkRequest,
): Promise<string> {
  const { tenantSlug, organisationId, isReplacing } = request;
  if (!/^\S.{0,253}\S$/.test(organisationId) || !isStorable(organisationId)) {
    throw new Error('The id of an organisation must have 2 to 255 characters, without blanks at either end.');
  }
  const outcome = await linkTenant(database, tenantSlug, organisationId, isReplacing);
  const sentence = sentenceOf(outcome, request);
  if (outcome.kind === 'linked') {
    logger.info(
      { tenant: tenantSlug, organisation: organisationId, reason: 'command' },
      'tenant linked to organisation',
    );
    await waitForServers(database, logger);
  }
  return sentence;
}

function sentenceOf(outcome: LinkOutcome, { tenantSlug, organisationId }: LinkRequest): string {
  switch (outcome.kind) {
    case 'unknownTenant':
      throw new Error(`There is no tenant with the slug ${tenantSlug}.`);
    case 'organisationTaken':
      throw new Error(`Organisation ${organisationId} is linked to tenant ${outcome.tenantSlug} already.`);
    case 'tenantTaken':
      throw new Error(
        `Tenant ${tenantSlug} is linked to organisation ${outcome.organisationId} already; add --replace to link another one.`,
      );
    case 'unchanged':
      return `Tenant ${tenantSlug} is linked to organisation ${organisationId} already.`;
    case 'linked':
      return `Tenant ${tenantSlug} is linked to organisation ${organisationId} now.`;
  }
}

/** The trigger has announced the write already; this waits until the servers have dropped what it replaced. */
async function waitForServers(database: Database, logger: Logger): Promise<void> {
  const coherence = new PostgresCoherence({ url: database.url, logger });
  coherence.start();
  await coherence.waitForInvalidation();
  await coherence.stop();
}
