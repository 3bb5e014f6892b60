import { handleMaybePromise, type MaybePromise } from '@whatwg-node/promise-helpers';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Executor } from '../execution/level-executor.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import { Unavailable } from '../platform/errors.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { Admission } from './limits/admission.ts';
import { Arrivals } from './hooks/connection-burst.ts';
import { createApollo, type OperationScope } from './graphql/apollo.ts';
import { createFastify } from './lifecycle/create-fastify.ts';
import { Engine } from './graphql/operation-runner.ts';
import { EventLoopWatch } from './lifecycle/event-loop-watch.ts';
import { registerExplorer } from './routes/explorer-route.ts';
import { HttpRefusal, UnknownUrl } from './errors/http-errors.ts';
import { createErrorFormatter } from './errors/format-error.ts';
import type { FrontDoorConfig } from './http-config.ts';
import { registerGraphql, type Exchange, type Execute } from './graphql/graphql-route.ts';
import { healthUrls, registerHealth, type Readiness } from './routes/health-routes.ts';
import { registerIdentityWebhook, type ReceiveWebhook } from './routes/webhook-route.ts';
import { isLoopback } from './loopback.ts';
import { metricsUrl, registerMetrics, type Metrics } from './routes/metrics-route.ts';
import { RateLimiter, type SharedUsage } from './limits/rate-limiter.ts';
import { registerRequestProfiles, type RequestObserver } from './hooks/request-observer.ts';
import type { RequestsUnderWay } from './limits/in-flight-requests.ts';
import { registerSecurityHeaders } from './hooks/security-headers.ts';
import { createSandboxPlugin, renderSandbox, withoutToken } from './routes/sandbox.ts';
import { proceed } from './hooks/proceed.ts';
import { readTrustedDocuments } from './graphql/trusted-documents-file.ts';
import { TrustedDocuments } from './graphql/trusted-documents.ts';

/** What the checks of an operation are made of. */
interface CheckOptions {
  readonly schema: GraphQLSchema;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Null where each process counts for itself what is used up. */
  readonly sharedUsage: SharedUsage | null;
  readonly observer: Pick<RequestObserver, 'expectOperations'>;
  readonly config: { readonly frontDoor: FrontDoorConfig };
}

/** What the front door needs; of the product it knows nothing but the schema. */
export interface HttpServerOptions<Viewer, Context extends OperationScope> extends Exchange<Viewer, Context> {
  readonly schema: GraphQLSchema;
  /** What runs operations before graphql-js is asked; null for nothing. */
  readonly executor: Executor | null;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Null where each process counts for itself what is used up. */
  readonly sharedUsage: SharedUsage | null;
  readonly config: {
    readonly isProduction: boolean;
    readonly isExplorerEnabled: boolean;
    /** Whose `x-forwarded-for` is believed. */
    readonly trustedProxies: readonly string[];
    readonly frontDoor: FrontDoorConfig;
  };
  readonly requests: RequestsUnderWay;
  readonly observer: RequestObserver;
  /** What `/metrics` answers, and to whose token; null where there is no such route. */
  readonly metrics: { readonly metrics: Metrics; readonly token: string | null } | null;
  readonly isReady: () => Promise<Readiness>;
  /** Asked before every request but those for health. @throws Unavailable while nothing may be answered */
  readonly admit: () => MaybePromise<void>;
  /** Recognises outages, and answers any other error as it came. */
  readonly toRefusal: (error: unknown) => unknown;
  /** For the events of an identity provider; null where none is expected. */
  readonly receiveWebhook: ReceiveWebhook | null;
  /** A token that the explorers open with; null where there is no demo data. */
  readonly demo: { readonly token: string } | null;
}

/**
 * The HTTP server, not yet listening: `/graphql`, `/livez`, `/readyz` and, where enabled, Sandbox, `/explorer`
 * and `/webhooks/identity`.
 * Every failure is JSON with a code and the request's id, which is also the header `x-request-id` of every answer.
 * `close()` stops accepting, waits for the requests under way, and then stops the GraphQL engine.
 */
export async function createHttpServer<Viewer, Context extends OperationScope>(
  options: HttpServerOptions<Viewer, Context>,
): Promise<FastifyInstance> {
  const formatError = createErrorFormatter(options);
  const token = options.demo?.token ?? null;
  const { isExplorerEnabled } = options.config;
  const sandbox = isExplorerEnabled ? createSandboxPlugin(token) : null;
  const engine = new Engine<Context>(options.executor, formatError);
  const apollo = createApollo<Context>({ ...options, engine, formatError, sandbox });
  await apollo.start();
  const eventLoop = new EventLoopWatch(options.config.frontDoor.eventLoopDelayMaxMs);
  const stopWatching = eventLoop.start();

  const server = createFastify(formatError, options.config);
  const securityHeaders = await registerSecurityHeaders(server);
  registerRequestProfiles(server, options.observer, isForHealth);
  const arrivals = new Arrivals(server.server);
  server.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) throw unknownRoute(server, request);
    // Who watches an overloaded server must see it.
    if (isForHealth(request) || request.routeOptions.url === metricsUrl) {
      done();
      return;
    }
    if (eventLoop.isOverloaded)
      throw new Unavailable('The server has more to do than it can; try again shortly.');
    proceed(
      handleMaybePromise(() => arrivals.settle(), options.admit),
      done,
    );
  });
  server.addHook('onSend', (request, reply, payload, done) => {
    void reply.header('x-request-id', request.id);
    done(null, payload);
  });
  letConnectionsEnd(server, options.requests);
  registerHealth(server, options);
  if (options.metrics !== null) registerMetrics(server, options.metrics);
  const renderPage = isExplorerEnabled
    ? async (hostname: string) =>
        withoutToken(await renderSandbox(apollo), isLoopback(hostname) ? null : token)
    : null;
  const checks = await createChecks(options);
  const stopExchange = checks.rateLimiter.start();
  const execute: Execute<Context> = (operation, context) => engine.execute(apollo, operation, context);
  registerGraphql(server, { ...options, ...checks, execute, renderPage, securityHeaders });
  if (options.receiveWebhook !== null) await registerIdentityWebhook(server, options.receiveWebhook);
  if (isExplorerEnabled) registerExplorer(server, token);
  server.addHook('onClose', async () => {
    stopWatching();
    stopExchange();
    await apollo.stop();
  });
  return server;
}

/** What an operation must pass before it runs. */
async function createChecks({ clock, config, logger, observer, schema, sharedUsage }: CheckOptions) {
  const { queryLimits, rateLimits, trustedDocuments } = config.frontDoor;
  const { file, mode } = trustedDocuments;
  const documents = file === null ? [] : await readTrustedDocuments(file, { schema, logger });
  observer.expectOperations(documents.map(({ name }) => name));
  return {
    admission: new Admission(schema, queryLimits),
    rateLimiter: new RateLimiter(rateLimits, clock, sharedUsage),
    trustedDocuments: new TrustedDocuments({ documents, mode, logger }),
  };
}

function isForHealth(request: FastifyRequest): boolean {
  return healthUrls.has(request.routeOptions.url ?? '');
}

/** Closing ends idle connections only: one that was busy then would be kept open by its client, and hold up the end. */
function letConnectionsEnd(server: FastifyInstance, requests: RequestsUnderWay): void {
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
