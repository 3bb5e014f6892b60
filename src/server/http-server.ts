import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Executor } from '../execution/level-executor.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { createOriginCheck } from './allowed-origins.ts';
import { DocumentCache } from './documents/document.ts';
import { readTrustedDocuments } from './documents/trusted-documents-file.ts';
import { TrustedDocuments } from './documents/trusted-documents.ts';
import { createErrorFormatter, type FormatError } from './errors/format-error.ts';
import { createApollo, type OperationScope } from './graphql/apollo.ts';
import { createResponseWriter, ResponseBatcher } from './graphql/graphql-response.ts';
import { registerGraphql, type Sockets } from './graphql/graphql-route.ts';
import { OperationRunner } from './graphql/operation-runner.ts';
import type { CallerOptions, PipelineParts } from './graphql/request-pipeline.ts';
import { registerCors } from './hooks/cors.ts';
import {
  registerAdmission,
  registerRequestStats,
  type Gate,
  type RequestObserver,
} from './hooks/request-hooks.ts';
import { registerSecurityHeaders, type HeaderList } from './hooks/security-headers.ts';
import type { HttpConfig, LiveLimits } from './http-config.ts';
import { WebSocketProtocol } from './live/websocket-protocol.ts';
import { WebSocketUpgrades } from './live/websocket-server.ts';
import { LiveConnections } from './live/live-connections.ts';
import { createFastify } from './lifecycle/create-fastify.ts';
import { EventLoopWatch } from './lifecycle/event-loop-watch.ts';
import { CredentialGuard } from './limits/credential-guard.ts';
import type { InFlightRequests } from './limits/in-flight-requests.ts';
import { RateLimiter, type SharedUsage } from './limits/rate-limiter.ts';
import { isLoopback } from './loopback.ts';
import { registerExplorer } from './routes/explorer-route.ts';
import { registerHome } from './routes/home-route.ts';
import { registerHealth, type Readiness } from './routes/health-routes.ts';
import { warnOfUnnamedProxy } from './hooks/unnamed-proxy.ts';
import { registerMetrics, type Metrics } from './routes/metrics-route.ts';
import { createSandboxPlugin, renderSandbox, withoutToken } from './routes/sandbox.ts';
import { registerIdentityWebhook, type ReceiveWebhook } from './routes/webhook-route.ts';

/** The parts of the HTTP server, which knows of the product only the schema and the callers. */
export interface HttpServerOptions<Viewer, Context extends OperationScope> extends CallerOptions<
  Viewer,
  Context
> {
  readonly schema: GraphQLSchema;
  /** Runs operations before graphql-js does; null for graphql-js alone. */
  readonly executor: Executor | null;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Null where each process counts only the usage of its own clients. */
  readonly sharedUsage: SharedUsage | null;
  readonly config: {
    readonly isProduction: boolean;
    readonly isExplorerEnabled: boolean;
    /** The proxies whose `x-forwarded-for` is believed. */
    readonly trustedProxies: readonly string[];
    readonly http: HttpConfig;
  };
  readonly requests: InFlightRequests;
  readonly observer: RequestObserver;
  /** The metrics of `/metrics`, and the token that reads them; null where there is no such route. */
  readonly metrics: { readonly metrics: Metrics; readonly token: string | null } | null;
  readonly isReady: () => Promise<Readiness>;
  /** Applies to all requests except those for health and metrics. */
  readonly gate: Gate;
  /** Recognizes outages, and returns any other error unchanged. */
  readonly toApiError: (error: unknown) => unknown;
  /** Receives the events of an identity provider; null where none is expected. */
  readonly receiveWebhook: ReceiveWebhook | null;
  /** A token that the explorers open with; null where there is no demo data. */
  readonly demo: { readonly token: string } | null;
}

/**
 * Creates the HTTP server, not yet listening: `/`, `/graphql`, `/livez`, `/readyz` and, where enabled,
 * Sandbox, `/explorer`, `/metrics` and `/webhooks/identity`. `close()` stops accepting, waits for the
 * requests in flight, and then stops Apollo Server.
 */
export async function createHttpServer<Viewer, Context extends OperationScope>(
  options: HttpServerOptions<Viewer, Context>,
): Promise<FastifyInstance> {
  const { config, demo, gate, metrics, observer, receiveWebhook } = options;
  const formatError = createErrorFormatter(options);
  const server = createFastify(formatError, config);
  const securityHeaders = await registerSecurityHeaders(server);
  registerRequestStats(server, observer);
  warnOfUnnamedProxy(server, options.logger);
  const isAllowedOrigin = createOriginCheck(config.http.allowedOrigins);
  registerCors(server, { isAllowedOrigin, logger: options.logger });
  const eventLoop = new EventLoopWatch(config.http.eventLoopDelayMaxMs);
  registerAdmission(server, gate, eventLoop);
  const stopWatching = eventLoop.start();
  server.addHook('onClose', async () => stopWatching());
  closeBusyConnections(server, options.requests);
  registerHealth(server, options);
  if (metrics !== null) registerMetrics(server, metrics);
  await registerOperations(server, options, { formatError, securityHeaders });
  if (receiveWebhook !== null) await registerIdentityWebhook(server, receiveWebhook);
  registerHome(server, config);
  if (config.isExplorerEnabled) registerExplorer(server, demo?.token ?? null);
  return server;
}

/** Registers `/graphql`, with Apollo Server and the list of `request-pipeline.ts`. */
async function registerOperations<Viewer, Context extends OperationScope>(
  server: FastifyInstance,
  options: HttpServerOptions<Viewer, Context>,
  { formatError, securityHeaders }: { formatError: FormatError; securityHeaders: HeaderList },
): Promise<void> {
  const { clock, config, executor, requests, sharedUsage } = options;
  const { answerBytesMax, queryLimits, rateLimits } = config.http;
  const token = options.demo?.token ?? null;
  const sandbox = config.isExplorerEnabled ? createSandboxPlugin(token) : null;
  const documents = new DocumentCache();
  const { schema } = options;
  const runner = new OperationRunner<Context>({ schema, executor, documents, formatError, answerBytesMax });
  const apollo = createApollo<Context>({ ...options, runner, formatError, sandbox });
  await apollo.start();
  const rateLimiter = new RateLimiter(rateLimits, clock, sharedUsage);
  const stopExchange = rateLimiter.start();
  const connections = openLiveConnections(server, config.http.live);
  const parts = {
    ...options,
    apollo,
    credentials: new CredentialGuard(clock),
    documents,
    connections,
    formatError,
    inFlight: requests,
    limits: queryLimits,
    rateLimiter,
    responses: new ResponseBatcher(createResponseWriter(securityHeaders, requests)),
    runner,
    trustedDocuments: await openTrustedDocuments(options),
  };
  const renderPage = async (hostname: string) =>
    withoutToken(await renderSandbox(apollo), isLoopback(hostname) ? null : token);
  const sockets = openSockets(server, parts, config.http);
  registerGraphql<Viewer, Context>(server, parts, config.isExplorerEnabled ? renderPage : null, sockets);
  server.addHook('onClose', async () => {
    stopExchange();
    await apollo.stop();
  });
}

function openSockets<Viewer, Context extends OperationScope>(
  server: FastifyInstance,
  parts: PipelineParts<Viewer, Context>,
  { allowedOrigins, live }: HttpConfig,
): Sockets<Viewer, Context> {
  const upgrades = new WebSocketUpgrades(server, createOriginCheck(allowedOrigins));
  return { upgrades, protocol: new WebSocketProtocol(parts, live) };
}

function openLiveConnections(server: FastifyInstance, { drainMs, socketsPerUser }: LiveLimits) {
  const connections = new LiveConnections(socketsPerUser);
  server.addHook('preClose', () => connections.drain(drainMs));
  return connections;
}

async function openTrustedDocuments(
  options: Pick<HttpServerOptions<unknown, OperationScope>, 'config' | 'logger' | 'observer' | 'schema'>,
): Promise<TrustedDocuments> {
  const { config, logger, observer, schema } = options;
  const { file, mode } = config.http.trustedDocuments;
  const documents = file === null ? [] : await readTrustedDocuments(file, { schema, logger });
  observer.expectOperations(documents.map(({ name }) => name));
  return new TrustedDocuments({ documents, mode, logger });
}

/**
 * Closes connections that are busy during shutdown with their next response; Fastify closes only idle ones.
 */
function closeBusyConnections(server: FastifyInstance, requests: InFlightRequests): void {
  server.addHook('preClose', async () => {
    requests.isDraining = true;
  });
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (requests.isDraining) void reply.header('connection', 'close');
    done(null, payload);
  });
}
