import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../../platform/errors.ts';
import { RequestProfile, type RequestProfiles } from '../../platform/telemetry/request-stats.ts';
import type { HeaderList } from './security-headers.ts';

/** Who keeps what requests did. */
export interface RequestObserver {
  readonly profiles: RequestProfiles;
  /** Told before the first request which operations are known beforehand. */
  expectOperations(names: Iterable<string>): void;
  /** Called when a request has come; `traceparent` is W3C Trace Context's header. */
  begin(profile: RequestProfile, traceparent: string | undefined): void;
  /**
   * Called when a request has been answered or its client has hung up; never throws. `url` is the route's.
   */
  finish(profile: RequestProfile, answer: { readonly status: number; readonly url: string }): void;
}

/**
 * Gives every request a profile, which `profileOf` finds and whatever is done for the request writes to, and
 * every answer the headers `x-process-time` (milliseconds) and `server-timing` (W3C Server Timing).
 * `isExempt` says which requests are neither counted nor told.
 */
export function registerRequestProfiles(
  server: FastifyInstance,
  observer: RequestObserver,
  isExempt: (request: FastifyRequest) => boolean,
): void {
  server.decorateRequest('profile', null);
  const tell = (request: FastifyRequest, status: number) => {
    const { url = 'unknown' } = request.routeOptions;
    const profile = profileOf(request);
    if (isExempt(request) || profile.isTold) return;
    profile.isTold = true;
    observer.finish(profile, { status, url });
  };
  // By callbacks, because what runs within `run` is what is called from there: the hooks and handlers that
  // follow.
  server.addHook('onRequest', (request, reply, done) => {
    const profile = new RequestProfile(request.id);
    request.setDecorator('profile', profile);
    const { traceparent } = request.headers;
    observer.begin(profile, typeof traceparent === 'string' ? traceparent : undefined);
    // Fastify calls `onResponse` for what was sent only, and `onRequestAbort` only while the request itself
    // still comes.
    reply.raw.on('close', () => tell(request, clientClosedRequest));
    observer.profiles.run(profile, done);
  });
  server.addHook('onSend', (request, reply, payload, done) => {
    if (!isExempt(request)) {
      const { total, parts } = timingsOf(profileOf(request));
      void reply.header(totalHeader, total).header(partsHeader, parts);
    }
    done(null, payload);
  });
  server.addHook('onResponse', (request, reply, done) => {
    tell(request, reply.statusCode);
    done();
  });
}

/** nginx's status for a request whose client did not wait for the answer; no answer has it. */
const clientClosedRequest = 499;

/** What a request has done so far. */
export function profileOf(request: FastifyRequest): RequestProfile {
  return request.getDecorator<RequestProfile>('profile');
}

/** Keeps why a request was refused as a whole. What is no request to any route has no profile. */
export function noteFailure(request: FastifyRequest, code: ErrorCode): void {
  const profile = 'profile' in request ? request.getDecorator<RequestProfile | null>('profile') : null;
  if (profile !== null) profile.errorCode = code;
}

/** The headers that tell a request's times, for who writes its answer past Fastify. */
export function timingHeaders(profile: RequestProfile): HeaderList {
  const { total, parts } = timingsOf(profile);
  return [totalHeader, total, partsHeader, parts];
}

const totalHeader = 'x-process-time';
const partsHeader = 'server-timing';

function timingsOf(profile: RequestProfile): { readonly total: string; readonly parts: string } {
  const { authenticationMs, cacheHits, cacheMisses, statementMs, statements } = profile;
  const total = profile.elapsedMs.toFixed(2);
  const parts =
    `auth;dur=${authenticationMs.toFixed(2)}, ` +
    `cache;desc="${cacheHits} hits, ${cacheMisses} misses", ` +
    `db;dur=${statementMs.toFixed(2)};desc="${statements} statements", ` +
    `total;dur=${total}`;
  return { total, parts };
}
