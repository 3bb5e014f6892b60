import { hostname } from 'node:os';
import type { Config } from '../config/config.ts';
import { createHealthCheck } from '../../domains/operations/health.ts';
import { createMonitoring } from '../../domains/operations/monitoring.ts';
import { createOperationsQueries } from '../../domains/operations/queries.ts';
import type { IdentityService } from '../../domains/identity/service.ts';
import type { CountedExecutions } from './execution-metrics.ts';
import type { CacheRegistry } from '../../caching/cache-registry.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { readMigrations } from '../../platform/postgres/migrations/migration-folder.ts';
import type { Telemetry } from '../../platform/telemetry/metrics/telemetry.ts';
import { readVersion } from '../../platform/runtime/version.ts';
import type { Readiness } from '../../server/routes/health-routes.ts';

/** Creates the statistics and health checks of this process, for admins and for monitoring. */
export function createSelfMonitoring(options: {
  readonly clock: Clock;
  readonly config: Config;
  readonly database: Database;
  readonly executions: CountedExecutions;
  readonly identity: Pick<IdentityService, 'statistics'>;
  readonly isReady: () => Promise<Readiness>;
  readonly registry: CacheRegistry;
  readonly telemetry: Telemetry;
}) {
  const { clock, config, database, executions, identity, isReady, registry, telemetry } = options;
  const identitySync = () => identity.statistics();
  const monitoring = createMonitoring({
    caches: registry,
    clock,
    telemetry,
    pool: { ...config.database, state: () => database.poolState() },
    executions: () => executions.statistics(),
    process: `${hostname()}:${process.pid}`,
    identitySync,
  });
  return {
    ...monitoring,
    health: createHealthCheck({
      queries: createOperationsQueries(database),
      isReady,
      knownMigrations: async () => (await readMigrations()).map(({ name }) => name),
      identitySync,
      hasIdentityProvider: config.identity.provider !== null,
      uptimeMs: () => monitoring.uptimeMs(),
      version: readVersion(),
    }),
  };
}
