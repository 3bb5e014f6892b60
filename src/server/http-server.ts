import { handleMaybePromise, type MaybePromise } from '@whatwg-node/promise-helpers';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Executor } from '../execution/level-executor.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import { Unavailable } from '../platform/errors.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { ConnectionBurst } from './hooks/connection-burst.ts';
import { createApollo, type OperationScope } from './graphql/apollo.ts';
import { createFastify } from './lifecycle/create-fastify.ts';
import { OperationRunner } from './graphql/operation-runner.ts';
import { DocumentCache } from './documents/document-cache.ts';
import { RequestPipeline, type CallerOptions } from './graphql/request-pipeline.ts';
import { EventLoopWatch } from './lifecycle/event-loop-watch.ts';
import { registerExplorer } from './routes/explorer-route.ts';
import { HttpRefusal, UnknownUrl } from './errors/http-errors.ts';
import { createErrorFormatter, type FormatError } from './errors/format-error.ts';
import type { HttpConfig } from './http-config.ts';
import { registerGraphql } from './graphql/graphql-route.ts';
import { healthUrls, registerHealth, type Readiness } from './routes/health-routes.ts';
import { registerIdentityWebhook, type ReceiveWebhook } from './routes/webhook-route.ts';
import { isLoopback } from './loopback.ts';
import { metricsUrl, registerMetrics, type Metrics } from './routes/metrics-route.ts';
import { RateLimiter, type SharedUsage } from './limits/rate-limiter.ts';
import { registerRequestProfiles, type RequestObserver } from './hooks/request-observer.ts';
import type { InFlightRequests } from './limits/in-flight-requests.ts';
import { registerSecurityHeaders, type HeaderList } from './hooks/security-headers.ts';
import { createSandboxPlugin, renderSandbox, withoutToken } from './routes/sandbox.ts';
import { readTrustedDocuments } from './documents/trusted-documents-file.ts';
import { TrustedDocuments } from './documents/trusted-documents.ts';

/** The parts of the HTTP server; of the product it knows nothing but the schema and the callers. */
export interface HttpServerOptions<Viewer, Context extends OperationScope> extends CallerOptions<
  Viewer,
  Context
> {
  readonly schema: GraphQLSchema;
  /** Runs operations before graphql-js does; null for graphql-js alone. */
  readonly executor: Executor | null;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Null where each process counts the usage of its own clients alone. */
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
  /** Called before every request except those for health and metrics. @throws Unavailable while nothing may be answered */
  readonly admit: () => MaybePromise<void>;
  /** Recognizes outages, and returns any other error as it came. */
  readonly toApiError: (error: unknown) => unknown;
  /** Receives the events of an identity provider; null where none is expected. */
  readonly receiveWebhook: ReceiveWebhook | null;
  /** A token that the explorers open with; null where there is no demo data. */
  readonly demo: { readonly token: string } | null;
}

/**
 * The HTTP server, not yet listening: `/graphql`, `/livez`, `/readyz` and, where enabled, Sandbox, `/explorer`
 * and `/webhooks/identity`.
 * Every failure is JSON with a code and the request's id, which is also the header `x-request-id` of every answer.
 * `close()` stops accepting, waits for the requests in flight, and then stops Apollo Server.
 */
export async function createHttpServer<Viewer, Context extends OperationScope>(
  options: HttpServerOptions<Viewer, Context>,
): Promise<FastifyInstance> {
  const formatError = createErrorFormatter(options);
  const server = createFastify(formatError, options.config);
  const securityHeaders = await registerSecurityHeaders(server);
  registerRequestProfiles(server, options.observer, isForHealth);
  registerAdmission(server, options);
  server.addHook('onSend', (request, reply, payload, done) => {
    void reply.header('x-request-id', request.id);
    done(null, payload);
  });
  letConnectionsEnd(server, options.requests);
  registerHealth(server, options);
  if (options.metrics !== null) registerMetrics(server, options.metrics);
  await registerOperations(server, options, { formatError, securityHeaders });
  if (options.receiveWebhook !== null) await registerIdentityWebhook(server, options.receiveWebhook);
  if (options.config.isExplorerEnabled) registerExplorer(server, options.demo?.token ?? null);
  return server;
}

/** Refuses requests to unknown URLs, and all of them while the process is overloaded or may not answer. */
function registerAdmission(
  server: FastifyInstance,
  options: {
    readonly admit: () => MaybePromise<void>;
    readonly config: { readonly http: HttpConfig };
  },
): void {
  const eventLoop = new EventLoopWatch(options.config.http.eventLoopDelayMaxMs);
  const stopWatching = eventLoop.start();
  const burst = new ConnectionBurst(server.server);
  server.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) throw unknownRoute(server, request);
    // Operators must be able to see an overloaded server.
    if (isForHealth(request) || request.routeOptions.url === metricsUrl) {
      done();
      return;
    }
    if (eventLoop.isOverloaded) throw new Unavailable('The server is overloaded; try again shortly.');
    void handleMaybePromise(
      () => handleMaybePromise(() => burst.settle(), options.admit),
      () => done(),
      done,
    );
  });
  server.addHook('onClose', async () => stopWatching());
}

/** `/graphql`, with Apollo Server and the list of `request-pipeline.ts` behind it. */
async function registerOperations<Viewer, Context extends OperationScope>(
  server: FastifyInstance,
  options: HttpServerOptions<Viewer, Context>,
  { formatError, securityHeaders }: { formatError: FormatError; securityHeaders: HeaderList },
): Promise<void> {
  const { config, executor, requests } = options;
  const token = options.demo?.token ?? null;
  const sandbox = config.isExplorerEnabled ? createSandboxPlugin(token) : null;
  const documents = new DocumentCache();
  const runner = new OperationRunner<Context>({
    executor,
    documents,
    formatError,
    answerBytesMax: config.http.answerBytesMax,
  });
  const apollo = createApollo<Context>({ ...options, runner, formatError, sandbox });
  await apollo.start();
  const checks = await createChecks(options);
  const stopExchange = checks.rateLimiter.start();
  const pipeline = new RequestPipeline<Viewer, Context>({
    ...options,
    ...checks,
    documents,
    limits: config.http.queryLimits,
    inFlight: requests,
    execute: (operation, context) => runner.execute(apollo, operation, context),
  });
  const renderPage = config.isExplorerEnabled
    ? async (hostname: string) =>
        withoutToken(await renderSandbox(apollo), isLoopback(hostname) ? null : token)
    : null;
  registerGraphql(server, pipeline, { inFlight: requests, renderPage, securityHeaders });
  server.addHook('onClose', async () => {
    stopExchange();
    await apollo.stop();
  });
}

/** The rate limits, and the documents that the operator gave. */
async function createChecks(
  options: Pick<HttpServerOptions<unknown, OperationScope>, 'clock' | 'logger' | 'schema' | 'sharedUsage'> & {
    readonly config: { readonly http: HttpConfig };
    readonly observer: RequestObserver;
  },
) {
  const { clock, config, logger, observer, schema, sharedUsage } = options;
  const { rateLimits, trustedDocuments } = config.http;
  const { file, mode } = trustedDocuments;
  const documents = file === null ? [] : await readTrustedDocuments(file, { schema, logger });
  observer.expectOperations(documents.map(({ name }) => name));
  return {
    rateLimiter: new RateLimiter(rateLimits, clock, sharedUsage),
    trustedDocuments: new TrustedDocuments({ documents, mode, logger }),
  };
}

function isForHealth(request: FastifyRequest): boolean {
  return healthUrls.has(request.routeOptions.url ?? '');
}

/** Closing ends idle connections only: one that was busy then would be kept open by its client, and hold up the end. */
function letConnectionsEnd(server: FastifyInstance, requests: InFlightRequests): void {
  server.addHook('preClose', async () => requests.drain());
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (requests.isDraining) void reply.header('connection', 'close');
    done(null, payload);
  });
}

function unknownRoute(server: FastifyInstance, request: FastifyRequest): HttpRefusal {
  const [url = '/'] = request.url.split('?', 1);
  const allowed = ['GET', 'HEAD', 'POST'].filter((method) => server.hasRoute({ method, url }));
  if (allowed.length === 0) return new UnknownUrl();
  const allow = allowed.join(', ');
  return new HttpRefusal(405, 'BAD_USER_INPUT', `This URL answers only ${allow}.`, { allow });
}
