import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Unauthenticated } from '../../platform/errors.ts';
import { HttpError } from '../errors/http-errors.ts';

/** The metrics in Prometheus' text format. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
}

/** The URL of the metrics. */
export const metricsUrl = '/metrics';

/**
 * Registers `GET /metrics`, protected by the token; without a token only for this machine, and not for
 * requests that a proxy on this machine forwards. No number belongs to a tenant.
 */
export function registerMetrics(
  server: FastifyInstance,
  { metrics, token }: { readonly metrics: Metrics; readonly token: string | null },
): void {
  const admit = token === null ? requireNeighbour : requireToken(token);
  server.get(metricsUrl, { onRequest: async (request) => admit(request) }, async (_request, reply) =>
    reply
      .header('cache-control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.text()),
  );
}

function requireNeighbour({ headers, socket }: FastifyRequest): void {
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
  if (!isForwarded && /^(::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '')) return;
  throw new HttpError(403, 'FORBIDDEN', 'Metrics are available from localhost or with METRICS_TOKEN.');
}

function requireToken(token: string): (request: FastifyRequest) => void {
  const expected = digestOf(`Bearer ${token}`);
  return ({ headers: { authorization = '' } }) => {
    if (!timingSafeEqual(digestOf(authorization), expected)) throw new Unauthenticated();
  };
}

/** Returns a digest, because a comparison in constant time requires equal lengths. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
