import type { FastifyInstance } from 'fastify';
import { createWebhookReceiver } from '../domains/identity/webhook-receiver.ts';
import { createCaches } from './create-caches.ts';
import { cleanUpWhileListening } from './background/clean-up.ts';
import { cacheTtlMs, type Config } from './config/config.ts';
import { declaredCaches } from '../graphql/cache-list.ts';
import { ExecutionCounts } from '../execution/execution-counts.ts';
import { createLevelExecutor, type CreateExecutor } from '../execution/level-executor.ts';
import { createExplainOperation } from './explain-operation.ts';
import { createMailer } from './mail/mailer.ts';
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
import { createRightsOptions } from './rights-watch.ts';
import { createReadinessCheck } from './readiness.ts';
import { createContextFactory } from './request-context.ts';
import { PostgresBus } from '../live/bus/postgres-bus.ts';
import { createLive } from './live.ts';
import { createLastSeen } from './background/last-seen.ts';
import { InFlightRequests } from '../server/limits/in-flight-requests.ts';
import { createWarmers } from './background/warmers.ts';
import { createServices } from './services.ts';

/** The parts of an app that are created, and closed, outside of the app. */
export interface AppOptions {
  readonly clock: Clock;
  readonly config: Config;
  readonly database: Database;
  readonly logger: Logger;
  /** The other workers of this process; null or absent for a single process. */
  readonly cluster?: WorkerCluster | null;
  /** Creates the executor in place of the level executor. */
  readonly createExecutor?: CreateExecutor;
}

/** Everything that lives as long as the process. */
export type App = ReturnType<typeof createApp>;

/** Creates everything that lives as long as the process; nothing else is created outside of this file. */
export function createApp(options: AppOptions) {
  const parts = createParts(options);
  const { caches, coherence, executions, mail, queries, requests, services, warming, lastSeen } = parts;
  return {
    caches,
    coherence,
    executions,
    mail,
    queries,
    requests,
    services,
    warming,
    lastSeen,
    /**
     * Creates the HTTP server, not yet listening; `demoToken` is the token that the explorers open with.
     * @throws MissingColumns when the database lacks columns that isolation depends on
     */
    createServer: (demoToken: string | null) => createServer(parts, demoToken),
  };
}

type Parts = ReturnType<typeof createParts>;

function createParts(options: AppOptions) {
  const { clock, config, database, logger } = options;
  const executions = new ExecutionCounts();
  const coherence = new PostgresCoherence({ url: database.url, logger });
  const telemetry = new Telemetry({ clock, logger, thresholds: config.telemetry });
  const platform = { clock, coherence, config, database, logger };
  const { caches, registry, ...sharing } = createCaches({ ...platform, onRead: telemetry.noteCacheRead });
  const queries = createQueries(database);
  const warming = createWarmers({ ...platform, caches, queries });
  const lastSeen = createLastSeen({ clock, logger, queries });
  const bus = new PostgresBus({ url: database.url, logger });
  const live = createLive({ bus, clock, logger, queries, retentionMs: config.live.retentionMs });
  const columnCatalog = createColumnCatalog(database, caches.schema);
  const columnCheck = new ColumnCheck({ columnCatalog, required: readRequiredColumns(), logger });
  coherence.subscribe(columnCheck);
  const isReady = createReadinessCheck({ ...platform, columnCheck, shared: sharing.shared });
  const made = {
    ...platform,
    mail: createMailer(config.account, logger),
    caches,
    executions,
    queries,
    registry,
    sharing,
    lastSeen,
    live,
    telemetry,
    warming,
  };
  return {
    ...made,
    cluster: options.cluster ?? null,
    columnCatalog,
    columnCheck,
    createExecutor: options.createExecutor ?? createLevelExecutor,
    isReady,
    requests: new InFlightRequests(config.http.requestTimeoutMs),
    services: createServices({ ...made, isReady }),
  };
}

async function createServer(parts: Parts, demoToken: string | null): Promise<FastifyInstance> {
  const { columnCheck, config, database, logger, telemetry } = parts;
  // Not earlier: an app that only seeds the demo would log its bulk inserts as slow statements.
  database.follow(telemetry.followStatement);
  database.shareBy(() => telemetry.currentRequest.getStore()?.owner ?? null);
  await columnCheck.requireIsolatingColumns();
  const stopTracing = await traceRequests(telemetry, { config, logger });
  const { isEnabled, token } = config.telemetry.metrics;
  const metrics = isEnabled ? createMetrics(parts) : null;
  const server = await createHttpServer({
    ...parts,
    ...createExecution(parts),
    toApiError,
    authenticate: createAuthenticator(parts.services),
    rights: createRightsOptions(parts.coherence),
    rateLimitKeysOf,
    sharedUsage: parts.sharing.shared,
    observer: telemetry,
    metrics: metrics === null ? null : { metrics, token },
    gate: columnCheck,
    receiveWebhook: createWebhookReceiver({
      ...parts,
      settings: config.identity,
      queries: parts.queries.identity,
      identities: parts.caches.identities,
      waitForInvalidation: () => parts.coherence.waitForInvalidation(),
    }),
    demo: demoToken === null ? null : { token: demoToken },
  });
  server.addHook('onClose', async () => {
    metrics?.stop();
    await stopTracing();
  });
  startBackgroundWork(server, parts);
  return server;
}

/** Creates the schema with its executor, and the contexts of operations. */
function createExecution(parts: Parts) {
  const { config, createExecutor, executions } = parts;
  const schema = createSchema();
  const explain = createExplainOperation({ ...parts, schema, onRead: () => {} });
  return {
    schema,
    executor: config.executor === 'level' ? createExecutor(schema, executions) : null,
    createContext: createContextFactory({ ...parts, explain }),
  };
}

/** Starts the work that goes on until the server is closed. */
function startBackgroundWork(server: FastifyInstance, parts: Parts): void {
  const { coherence, columnCheck, config, lastSeen, live, logger, mail, services, sharing } = parts;
  server.addHook('onClose', () => mail.idle());
  coherence.start();
  server.addHook('onClose', () => coherence.stop());
  sharing.start();
  server.addHook('onClose', () => sharing.stop());
  const stopWatching = columnCheck.watch(cacheTtlMs(config, declaredCaches.schema));
  const stopLastSeen = lastSeen.start();
  const stopLive = live.start();
  // Before the connections are closed, which wait for their streams.
  server.addHook('preClose', () => stopLive());
  server.addHook('onClose', async () => {
    stopWatching();
    await stopLastSeen();
  });
  cleanUpWhileListening(server, { config, logger, statistics: services.statistics });
}
