import type { Mail } from '../domains/account/mail.ts';
import { createAuditService } from '../domains/audit/service.ts';
import { createIdentityProvider } from '../domains/identity/provider.ts';
import { createModelLoaders } from '../domains/model/loaders.ts';
import type { Warming } from '../domains/operations/warming.ts';
import { createSettingLoaders } from '../domains/setting/loaders.ts';
import type { CacheRegistry } from '../caching/cache-registry.ts';
import type { Coherence } from '../caching/coherence/coherence.ts';
import type { Services } from '../graphql/context.ts';
import type { ServiceDependencies } from '../graphql/domain.ts';
import type { Caches } from '../graphql/cache-list.ts';
import { domains, type DomainServices, type Queries } from '../graphql/domains.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { Telemetry } from '../platform/telemetry/metrics/telemetry.ts';
import type { Readiness } from '../server/routes/health-routes.ts';
import { createLastSeen } from './background/last-seen.ts';
import { createCaches } from './create-caches.ts';
import type { Config } from './config/config.ts';
import type { CountedExecutions } from './metrics/execution-metrics.ts';
import { createSelfMonitoring } from './metrics/self-monitoring.ts';
import type { createLive } from './live.ts';
import { createPasswordChecks } from './password-checks.ts';

interface ServicesOptions {
  readonly caches: Caches;
  readonly clock: Clock;
  readonly coherence: Coherence;
  readonly config: Config;
  readonly database: Database;
  readonly executions: CountedExecutions;
  readonly logger: Logger;
  readonly mail: Mail;
  readonly queries: Queries;
  readonly registry: CacheRegistry;
  readonly sharing: Pick<ReturnType<typeof createCaches>, 'shared'>;
  readonly lastSeen: ReturnType<typeof createLastSeen>;
  readonly live: ReturnType<typeof createLive>;
  readonly telemetry: Telemetry;
  readonly warming: Warming;
  readonly isReady: () => Promise<Readiness>;
}

/**
 * Creates the services of all domains, over the same database and caches. They live as long as the process.
 */
export function createServices(options: ServicesOptions): Services {
  const services = createDomainServices(dependenciesFrom(options));
  return {
    ...services,
    monitoring: createSelfMonitoring({ ...options, identity: services.identity }),
  };
}

function createDomainServices(dependencies: ServiceDependencies): DomainServices;
function createDomainServices(dependencies: ServiceDependencies): object {
  return Object.fromEntries(
    Object.entries(domains).map(([name, domain]) => [name, domain.service(dependencies)]),
  );
}

function dependenciesFrom(options: ServicesOptions): ServiceDependencies {
  const { caches, clock, coherence, config, logger, queries, registry } = options;
  const { sharing, lastSeen, live, warming } = options;
  const audit = createAuditService({ queries: queries.audit, clock });
  const models = createModelLoaders(queries.model, caches.models);
  const settings = createSettingLoaders(queries.setting, caches.settings);
  return {
    caches,
    clock,
    logger,
    queries,
    registry,
    warming,
    waitForInvalidation: () => coherence.waitForInvalidation(),
    note: (viewer, note) => audit.done(viewer, note),
    findForWriting: (viewer, id) => queries.conversation.forWriting(viewer, id),
    findModels: (slugs) => models.bySlugs(slugs),
    currentSettings: () => settings.current(),
    mail: options.mail,
    isOwnTenantAllowed: config.account.isOwnTenantAllowed,
    identityProvider: createIdentityProvider(config.identity, { clock, logger }),
    signIn: { ...createPasswordChecks({ clock, config, ...sharing }), ttlMs: config.sessionTtlMs },
    lastSeen,
    live,
    hint: (topic) => live.hint(topic),
  };
}
