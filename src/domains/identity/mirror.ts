import { uniqueViolationOf } from '../../platform/postgres/database-errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { IdentityQueries, Mirrored, MirrorRequest } from './queries.ts';

/**
 * Stores what the provider says about a person, and logs the link that this makes between a tenant and an
 * organisation.
 * @throws AddressTaken
 */
export type Mirror = (request: MirrorRequest) => Promise<Mirrored>;

/** Makes the one way by which tokens and webhooks are stored. */
export function createMirror(queries: Pick<IdentityQueries, 'mirror'>, logger: Logger): Mirror {
  return async (request) => {
    const mirrored = await mirrorTwice(queries, request);
    const { link } = mirrored;
    if (link !== null) {
      const { tenantSlug: tenant, organisationId: organisation, reason } = link;
      logger.info({ tenant, organisation, reason }, 'tenant linked to organisation');
    }
    return mirrored;
  };
}

async function mirrorTwice(
  queries: Pick<IdentityQueries, 'mirror'>,
  request: MirrorRequest,
): Promise<Mirrored> {
  try {
    return await queries.mirror(request);
  } catch (error) {
    // A concurrent request took the address or the organisation after the look; the second look sees that.
    if (uniqueViolationOf(error) === null) throw error;
    return queries.mirror(request);
  }
}
