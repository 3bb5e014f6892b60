import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Executor } from '../execution/level-executor.ts';
import { whenThere, type AtOnce } from '../platform/at-once.ts';
import type { Clock } from '../platform/clock.ts';
import { Unavailable } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { Admission } from './admission/admission.ts';
import { Arrivals } from './arrivals.ts';
import { createApollo, type OperationScope } from './apollo.ts';
import { createFastify } from './create-fastify.ts';
import { Engine } from './engine.ts';
import { EventLoopWatch } from './event-loop-watch.ts';
import { registerExplorer } from './explorer.ts';
import { HttpRefusal, UnknownUrl } from './failure.ts';
import { createErrorFormatter } from './format-error.ts';
import type { FrontDoorConfig } from './front-door-config.ts';
import { registerGraphql, type Exchange, type Execute } from './graphql-route.ts';
import { healthUrls, registerHealth, type Readiness } from './health.ts';
import { registerIdentityWebhook, type ReceiveWebhook } from './identity-webhook.ts';
import { isLoopback } from './loopback.ts';
import { metricsUrl, registerMetrics, type Metrics } from './metrics-route.ts';
import { RateLimiter, type SharedUsage } from './rate-limiter.ts';
import { registerRequestProfiles, type RequestObserver } from './request-profiles.ts';
import type { RequestsUnderWay } from './requests-under-way.ts';
import { registerSecurityHeaders } from './security-headers.ts';
import { createSandboxPlugin, renderSandbox, withoutToken } from './sandbox.ts';
import { proceed } from './proceed.ts';
import { readTrustedDocuments } from './trusted-documents-file.ts';
import { TrustedDocuments } from './trusted-documents.ts';

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
  readonly admit: () => AtOnce<void>;
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
    proceed(whenThere(arrivals.settle(), options.admit), done);
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
