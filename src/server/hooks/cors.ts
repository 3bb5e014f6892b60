import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { IsAllowedOrigin } from '../allowed-origins.ts';

/** The seconds for which a browser remembers a preflight; Chromium remembers none for longer. */
const preflightSeconds = '7200';

/** The headers of responses that scripts of other origins may read. */
const exposedHeaders = 'x-request-id, retry-after, server-timing, x-process-time, etag';

/** The number of refused origins that are remembered as logged. */
const loggedMax = 100;

const headerNames = /^[\w!#$%&'*+.^`|~-]+(?:\s*,\s*[\w!#$%&'*+.^`|~-]+)*$/;

/**
 * Lets scripts of allowed origins use this server (the CORS protocol of the Fetch standard): answers their
 * preflights, and marks responses to them. A request without `origin` passes unchanged.
 */
export function registerCors(
  server: FastifyInstance,
  options: { readonly isAllowedOrigin: IsAllowedOrigin; readonly logger: Logger },
): void {
  const { isAllowedOrigin, logger } = options;
  const refused = new LRUCache<string, true>({ max: loggedMax });
  server.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    if (origin === undefined) {
      done();
      return;
    }
    const isAllowed = isAllowedOrigin(origin);
    // At the raw response, because the writer of GraphQL responses bypasses Fastify's headers.
    reply.raw.setHeader('vary', 'origin');
    if (isAllowed) {
      reply.raw.setHeader('access-control-allow-origin', origin);
      reply.raw.setHeader('access-control-expose-headers', exposedHeaders);
    }
    if (!isPreflight(server, request)) {
      done();
      return;
    }
    if (isAllowed) allow(request, reply);
    else if (!refused.has(origin)) {
      refused.set(origin, true);
      logger.warn(
        { origin: origin.slice(0, 200) },
        'a browser was refused: CORS_ORIGINS does not allow its origin',
      );
    }
    void reply.code(204).send();
  });
}

function isPreflight(server: FastifyInstance, { headers, method, url }: FastifyRequest): boolean {
  if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
  const [path = '/'] = url.split('?', 1);
  return ['GET', 'POST'].some((each) => server.hasRoute({ method: each, url: path }));
}

/** Allows all requested headers: scripts of an allowed origin are trusted. */
function allow({ headers }: FastifyRequest, { raw }: FastifyReply): void {
  const requested = headers['access-control-request-headers'] ?? '';
  raw.setHeader('vary', 'origin, access-control-request-headers');
  raw.setHeader('access-control-allow-methods', 'GET, POST');
  raw.setHeader('access-control-max-age', preflightSeconds);
  if (headerNames.test(requested)) raw.setHeader('access-control-allow-headers', requested);
}
