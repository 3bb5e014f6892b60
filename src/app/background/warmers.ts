import { createApiKeyWarmer } from '../../domains/api-key/loaders.ts';
import { createIdentityWarmer } from '../../domains/identity/warmer.ts';
import { createModelWarmer } from '../../domains/model/loaders.ts';
import { createWarming, type Warming } from '../../domains/operations/warming.ts';
import { createSessionWarmer } from '../../domains/session/loaders.ts';
import { createSettingWarmer } from '../../domains/setting/loaders.ts';
import { createProfileWarmer } from '../../domains/user/loaders.ts';
import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { Caches } from '../../graphql/cache-list.ts';
import type { Queries } from '../../graphql/domains.ts';

/** Creates the warmers, which load caches ahead of requests; a further cache is a further line. */
export function createWarmers(options: {
  readonly caches: Caches;
  readonly clock: Clock;
  readonly coherence: Coherence;
  readonly logger: Logger;
  readonly queries: Queries;
}): Warming {
  const { caches, clock, coherence, logger, queries } = options;
  return createWarming({
    warmers: [
      createSettingWarmer(queries.setting, caches.settings),
      createModelWarmer(queries.model, caches.models),
    ],
    peopleWarmers: [
      createProfileWarmer(queries.user, caches.profiles),
      createSessionWarmer(queries.session, caches.sessions, clock),
      createApiKeyWarmer(queries.apiKey, caches.apiKeys, clock),
      createIdentityWarmer(queries.identity, caches.identities),
    ],
    findRecentlyActive: (limit) => queries.user.recentlyActiveIds(limit, new Date(clock.now())),
    isTrusted: () => coherence.isTrusted,
    logger,
  });
}
