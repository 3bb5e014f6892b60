import { createApp } from '../../app/app.ts';
import type { Config } from '../../app/config/config.ts';
import { createDemoQueries } from '../../domains/demo/queries.ts';
import { createDemoService } from '../../domains/demo/service.ts';
import type { Platform } from '../../app/open-platform.ts';
import { Refusal } from '../../platform/errors.ts';
import { beginSession } from '../token.ts';

/** The demo users whose tokens are printed: a platform admin and an ordinary member. */
export const demoAdmin = 'ada@acme.example';
export const demoMember = 'grace@acme.example';

/** The tokens of new sessions. */
export interface DemoTokens {
  readonly admin: string;
  readonly member: string;
}

/** Adds demo data to an empty database and returns tokens; null if the database is in other use. */
export async function prepareDemo(config: Config, platform: Platform): Promise<DemoTokens | null> {
  const app = createApp({ ...platform, config });
  const demo = createDemoService({ queries: createDemoQueries(platform.database) });
  try {
    await demo.seedIfUninhabited();
  } catch (error) {
    // An import may use a name of the demo: imported data takes precedence, and the server starts without the
    // demo.
    if (!(error instanceof Refusal) || error.code !== 'CONFLICT') throw error;
    platform.logger.warn(error.message);
  }
  const people = await Promise.all(
    [demoAdmin, demoMember].map((email) => app.queries.session.credentialsByEmail(email)),
  );
  if (people.some((person) => person === null || !person.isActive || person.memberships.length === 0))
    return null;
  const request = { tenantSlug: null, device: 'the start of the server' };
  return {
    admin: await beginSession(app, { ...request, user: demoAdmin }),
    member: await beginSession(app, { ...request, user: demoMember }),
  };
}
