import type { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Unavailable, type ErrorCode } from '../../platform/errors.ts';
import { RequestStats } from '../../platform/telemetry/request-stats.ts';
import type { OpenTrace } from '../../platform/telemetry/tracing.ts';
import { HttpError, UnknownUrl } from '../errors/http-errors.ts';
import type { EventLoopWatch } from '../lifecycle/event-loop-watch.ts';
import { healthUrls } from '../routes/health-routes.ts';
import { metricsUrl } from '../routes/metrics-route.ts';
import { ConnectionBurst } from './connection-burst.ts';
import type { HeaderList } from './security-headers.ts';

/** Receives the statistics of requests. */
export interface RequestObserver {
  readonly currentRequest: AsyncLocalStorage<RequestStats>;
  /** Null where requests are not traced; `traceparent` is the header of W3C Trace Context. */
  readonly tracing: { begin(traceparent: string | undefined): OpenTrace | null } | null;
  /** Called before the first request with the names of known operations. */
  expectOperations(names: Iterable<string>): void;
  /**
   * Called once a request was answered or its client has disconnected; never throws. `url` is the route's.
   */
  finish(stats: RequestStats, response: { readonly status: number; readonly url: string }): void;
}

/** A condition without which no request is answered. */
export interface Gate {
  /** True while requests are rejected, unless the condition is met again. */
  readonly isClosed: boolean;
  /** Checks the condition again. @throws Unavailable while it is not met */
  requireOpen(): Promise<void>;
}

/** nginx's status for a request whose client did not wait for the response, which no response has. */
const clientClosedRequest = 499;

const totalHeader = 'x-process-time';
const partsHeader = 'server-timing';

/**
 * Gives every request its statistics, which all work for the request finds, and every response the headers
 * `x-process-time` (milliseconds) and `server-timing` (W3C Server Timing). Health checks are not counted.
 */
export function registerRequestStats(server: FastifyInstance, observer: RequestObserver): void {
  server.decorateRequest('stats', null);
  // With callbacks, because the async context of `run` is that of the hooks and handlers called within.
  server.addHook('onRequest', (request, reply, done) => {
    const stats = new RequestStats(request.id);
    request.setDecorator('stats', stats);
    const { traceparent } = request.headers;
    if (observer.tracing !== null) {
      stats.trace = observer.tracing.begin(typeof traceparent === 'string' ? traceparent : undefined);
    }
    const { url = 'unknown' } = request.routeOptions;
    // Fastify's `onResponse` and `onRequestAbort` miss a client that disconnects while its request is worked
    // on.
    if (!healthUrls.has(url)) {
      const { raw } = reply;
      let isSent = false;
      raw.once('finish', () => {
        isSent = true;
      });
      raw.once('close', () => {
        // Clients normally close streamed responses.
        const isAnswered = isSent || stats.streamedSince !== null;
        observer.finish(stats, { status: isAnswered ? raw.statusCode : clientClosedRequest, url });
      });
    }
    observer.currentRequest.run(stats, done);
  });
  server.addHook('onSend', (request, reply, payload, done) => {
    void reply.header('x-request-id', request.id);
    if (!isHealthCheck(request)) {
      const [, total, , parts] = timingHeaders(request.getDecorator<RequestStats>('stats'));
      void reply.header(totalHeader, total).header(partsHeader, parts);
    }
    done(null, payload);
  });
}

/**
 * Rejects requests to unknown URLs, and all requests while the process is overloaded or its gate is closed.
 */
export function registerAdmission(server: FastifyInstance, gate: Gate, eventLoop: EventLoopWatch): void {
  const burst = new ConnectionBurst(server.server);
  const wait = async () => {
    await burst.settled();
    if (gate.isClosed) await gate.requireOpen();
  };
  server.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) throw unknownRoute(server, request);
    const { url = '' } = request.routeOptions;
    // Operators must be able to see an overloaded server.
    const isWatched = url === metricsUrl || healthUrls.has(url);
    if (eventLoop.isOverloaded && !isWatched) {
      throw new Unavailable('The server is overloaded; try again shortly.');
    }
    if (isWatched || !(burst.isArriving || gate.isClosed)) done();
    else wait().then(() => done(), done);
  });
}

/** Records the reason why a request was rejected; a message that is not HTTP has no statistics. */
export function noteFailure(request: FastifyRequest, code: ErrorCode): void {
  const stats = 'stats' in request ? request.getDecorator<RequestStats | null>('stats') : null;
  if (stats !== null) stats.errorCode = code;
}

/** Returns the headers with the times of a request, as names and values in turn. */
export function timingHeaders(stats: RequestStats): HeaderList {
  const { authenticationMs, cacheHits, cacheMisses, statementMs, statements } = stats;
  const total = (performance.now() - stats.startedAt).toFixed(2);
  const parts =
    `auth;dur=${authenticationMs.toFixed(2)}, ` +
    `cache;desc="${cacheHits} hits, ${cacheMisses} misses", ` +
    `db;dur=${statementMs.toFixed(2)};desc="${statements} statements", ` +
    `total;dur=${total}`;
  return [totalHeader, total, partsHeader, parts];
}

function isHealthCheck(request: FastifyRequest): boolean {
  return healthUrls.has(request.routeOptions.url ?? '');
}

function unknownRoute(server: FastifyInstance, request: FastifyRequest): HttpError {
  const [url = '/'] = request.url.split('?', 1);
  const allowed = ['GET', 'HEAD', 'POST'].filter((method) => server.hasRoute({ method, url }));
  if (allowed.length === 0) return new UnknownUrl();
  const allow = allowed.join(', ');
  return new HttpError(405, 'BAD_USER_INPUT', `This URL answers only ${allow}.`, { allow });
}
