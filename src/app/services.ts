import { createAuditService } from '../domains/audit/service.ts';
import { createApiKeyService } from '../domains/api-key/service.ts';
import type { FindForWriting } from '../domains/conversation/model.ts';
import { createConversationService } from '../domains/conversation/service.ts';
import { createIdentityProvider } from '../domains/identity/provider.ts';
import { createIdentityService } from '../domains/identity/service.ts';
import { createMessageService } from '../domains/message/service.ts';
import { createModelLoaders } from '../domains/model/loaders.ts';
import { createModelService } from '../domains/model/service.ts';
import { createOperationsQueries } from '../domains/operations/queries.ts';
import { createOperationsService } from '../domains/operations/service.ts';
import type { Warming } from '../domains/operations/warming.ts';
import { createParticipantService } from '../domains/participant/service.ts';
import { createSessionService } from '../domains/session/service.ts';
import { createSettingLoaders } from '../domains/setting/loaders.ts';
import { createSettingService } from '../domains/setting/service.ts';
import { createStatisticsService } from '../domains/statistics/service.ts';
import { createTenantService } from '../domains/tenant/service.ts';
import { createUserService } from '../domains/user/service.ts';
import { createCaches } from './create-caches.ts';
import type { Config } from './config/config.ts';
import type { CountedExecutions } from './metrics/execution-metrics.ts';
import type { Services } from '../graphql/context.ts';
import type { CacheRegistry } from '../caching/cache-registry.ts';
import type { Coherence } from '../caching/coherence/coherence.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { Telemetry } from '../platform/telemetry/metrics/telemetry.ts';
import { createSelfMonitoring } from './metrics/self-monitoring.ts';
import type { Readiness } from '../server/routes/health-routes.ts';
import type { Caches } from './cache-list.ts';
import type { Queries } from './request-context.ts';
import { createPasswordChecks } from './password-checks.ts';
import { createSightings } from './background/last-seen.ts';

/** What mutations call, each domain's over the same database and caches. They live as long as the process. */
export function createServices(options: {
  readonly caches: Caches;
  readonly clock: Clock;
  readonly coherence: Coherence;
  readonly config: Config;
  readonly database: Database;
  readonly executions: CountedExecutions;
  readonly logger: Logger;
  readonly queries: Queries;
  readonly registry: CacheRegistry;
  readonly sharing: Pick<ReturnType<typeof createCaches>, 'shared'>;
  readonly sightings: ReturnType<typeof createSightings>;
  readonly telemetry: Telemetry;
  readonly warming: Warming;
  readonly isReady: () => Promise<Readiness>;
}): Services {
  const { caches, clock, coherence, config, database, logger, queries, registry } = options;
  const { sightings, sharing, warming } = options;
  const settle = () => coherence.settle();
  const models = createModelLoaders(queries.model, caches.models);
  const settings = createSettingLoaders(queries.setting, caches.settings);
  const findModels: typeof models.bySlugs = (slugs) => models.bySlugs(slugs);
  const findForWriting: FindForWriting = (viewer, id) => queries.conversation.forWriting(viewer, id);
  const identity = createIdentityService({
    provider: createIdentityProvider(config.identity, { clock, logger }),
    queries: queries.identity,
    identities: caches.identities,
    settle,
    clock,
    logger,
  });
  const audit = createAuditService({ queries: queries.audit, clock });
  return {
    audit,
    apiKey: createApiKeyService({
      queries: queries.apiKey,
      apiKeys: caches.apiKeys,
      seen: sightings.apiKeys,
      settle,
      clock,
    }),
    conversation: createConversationService({ queries: queries.conversation, findModels, clock }),
    identity,
    message: createMessageService({
      queries: queries.message,
      findForWriting,
      currentSettings: () => settings.current(),
      clock,
    }),
    model: createModelService({ queries: queries.model, settle, clock }),
    monitoring: createSelfMonitoring({ ...options, identity }),
    operations: createOperationsService({
      caches: registry,
      warming,
      queries: createOperationsQueries(database),
      settle,
      note: (viewer, note) => audit.done(viewer, note),
    }),
    participant: createParticipantService({ queries: queries.participant, findForWriting, clock }),
    session: createSessionService({
      queries: queries.session,
      sessions: caches.sessions,
      settle,
      clock,
      ...createPasswordChecks({ clock, config, ...sharing }),
      seen: sightings.sessions,
      ttlMs: config.sessionTtlMs,
    }),
    setting: createSettingService({ queries: queries.setting, settle, findModels, clock }),
    tenant: createTenantService({ queries: queries.tenant, settle, clock }),
    statistics: createStatisticsService({
      queries: queries.statistics,
      clock,
      settle,
      note: (viewer, note) => audit.done(viewer, note),
    }),
    user: createUserService({ queries: queries.user, settle, clock }),
  };
}
