import { createWebhookReceiver } from '../domains/identity/webhook-receiver.ts';
import { createCaches } from './create-caches.ts';
import { cleanUpWhileListening } from './background/clean-up.ts';
import { cacheTtlMs, type Config } from './config/config.ts';
import { declaredCaches } from '../graphql/cache-list.ts';
import { ExecutionCounts } from '../execution/execution-counts.ts';
import { createLevelExecutor, type CreateExecutor } from '../execution/level-executor.ts';
import { createExplainOperation } from './explain-operation.ts';
import { createSchema } from '../graphql/schema.ts';
import { PostgresCoherence } from '../caching/coherence/postgres-coherence.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import { createColumnCatalog } from '../platform/postgres/column-catalog.ts';
import type { Database } from '../platform/postgres/database.ts';
import { readRequiredColumns } from '../platform/postgres/required-columns.ts';
import { toApiError } from '../platform/postgres/database-errors.ts';
import { ColumnCheck } from './column-check.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { Telemetry } from '../platform/telemetry/metrics/telemetry.ts';
import { createMetrics, type WorkerCluster } from './metrics/app-metrics.ts';
import { traceRequests } from './metrics/trace-requests.ts';
import { createQueries } from './repositories.ts';
import { createAuthenticator, rateLimitKeysOf } from './authenticate.ts';
import { createHttpServer } from '../server/http-server.ts';
import { createReadinessCheck } from './readiness.ts';
import { createContextFactory } from './request-context.ts';
import { createLastSeen } from './background/last-seen.ts';
import { InFlightRequests } from '../server/limits/in-flight-requests.ts';
import { createWarmers } from './background/warmers.ts';
import { createServices } from './services.ts';

/** What an app is made of; whoever makes these also ends them. */
export interface AppOptions {
  readonly clock: Clock;
  readonly config: Config;
  readonly database: Database;
  readonly logger: Logger;
  /** The other workers of this process; null or absent for a single process. */
  readonly cluster?: WorkerCluster | null;
  /**
   * What runs operations where the level executor is asked for; it itself, unless something is to be seen of
   * it.
   */
  readonly createExecutor?: CreateExecutor;
}

/** The composition root: everything that lives as long as the process is made here, and only here. */
export type App = ReturnType<typeof createApp>;

export function createApp(options: AppOptions) {
  const { clock, config, database, logger } = options;
  const { createExecutor = createLevelExecutor, cluster = null } = options;
  const executions = new ExecutionCounts();
  const coherence = new PostgresCoherence({ url: database.url, logger });
  const telemetry = new Telemetry({ clock, logger, thresholds: config.telemetry });
  const { caches, registry, ...sharing } = createCaches({
    clock,
    coherence,
    config,
    database,
    logger,
    onRead: telemetry.noteCacheRead,
  });
  const queries = createQueries(database);
  const warming = createWarmers({ caches, clock, coherence, logger, queries });
  const lastSeen = createLastSeen({ clock, logger, queries });
  const columnCatalog = createColumnCatalog(database, caches.schema);
  const columnCheck = new ColumnCheck({ columnCatalog, required: readRequiredColumns(), logger });
  coherence.subscribe(columnCheck);
  const isReady = createReadinessCheck({ coherence, database, columnCheck, logger, shared: sharing.shared });
  const services = createServices({
    caches,
    clock,
    coherence,
    config,
    database,
    executions,
    logger,
    queries,
    registry,
    sharing,
    lastSeen,
    telemetry,
    warming,
    isReady,
  });
  const requests = new InFlightRequests(config.http.requestTimeoutMs);
  return {
    caches,
    coherence,
    executions,
    queries,
    requests,
    services,
    warming,
    lastSeen,
    /**
     * The HTTP server, not yet listening; `demoToken` is what the explorers open with.
     * @throws MissingColumns when the database lacks columns that isolation depends on
     */
    async createServer(demoToken: string | null) {
      // Not before: an app that only fills in the demo would log its bulk inserts as slow statements.
      database.follow(telemetry.followStatement);
      await columnCheck.requireIsolatingColumns();
      const stopTracing = await traceRequests(telemetry, { config, logger });
      const settings = config.telemetry.metrics;
      const metrics = settings.isEnabled
        ? createMetrics({
            coherence,
            config,
            database,
            executions,
            registry,
            services,
            sharing,
            cluster,
            telemetry,
          })
        : null;
      const schema = createSchema();
      const server = await createHttpServer({
        schema,
        executor: config.executor === 'level' ? createExecutor(schema, executions) : null,
        clock,
        config,
        logger,
        toApiError,
        authenticate: createAuthenticator(services),
        createContext: createContextFactory({
          caches,
          columnCatalog,
          clock,
          queries,
          database,
          services,
          explain: createExplainOperation({
            clock,
            coherence,
            config,
            database,
            logger,
            onRead: () => {},
            schema,
            services,
          }),
        }),
        rateLimitKeysOf,
        sharedUsage: sharing.shared,
        requests,
        observer: telemetry,
        metrics: metrics === null ? null : { metrics, token: settings.token },
        isReady,
        gate: columnCheck,
        receiveWebhook: createWebhookReceiver({
          settings: config.identity,
          queries: queries.identity,
          identities: caches.identities,
          waitForInvalidation: () => coherence.waitForInvalidation(),
          clock,
          logger,
        }),
        demo: demoToken === null ? null : { token: demoToken },
      });
      server.addHook('onClose', async () => {
        metrics?.stop();
        await stopTracing();
      });
      coherence.start();
      server.addHook('onClose', () => coherence.stop());
      sharing.start();
      server.addHook('onClose', () => sharing.stop());
      const stopWatching = columnCheck.watch(cacheTtlMs(config, declaredCaches.schema));
      const stopLastSeen = lastSeen.start();
      server.addHook('onClose', async () => {
        stopWatching();
        await stopLastSeen();
      });
      cleanUpWhileListening(server, { config, logger, statistics: services.statistics });
      return server;
    },
  };
}
