import type { FastifyInstance } from 'fastify';
import type { InFlightRequests } from '../limits/in-flight-requests.ts';

/** The state of a part that requests need. */
export interface ComponentReadiness {
  readonly name: string;
  readonly status: 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY';
  /** A message for the operator that any client may read: never the text of an error. */
  readonly message: string | null;
}

/** The readiness of this process to receive requests. */
export interface Readiness {
  readonly ready: boolean;
  readonly components: readonly ComponentReadiness[];
}

/** The URLs that respond even when all other requests are rejected. */
export const healthUrls: ReadonlySet<string> = new Set(['/livez', '/readyz']);

/**
 * Registers `/livez`, which responds as long as the process does and depends on nothing else, because a
 * restart cannot repair a database; and `/readyz`, which is 200 while requests may come and 503 otherwise,
 * with the same JSON.
 */
export function registerHealth(
  server: FastifyInstance,
  options: { readonly isReady: () => Promise<Readiness>; readonly requests: InFlightRequests },
): void {
  server.get('/livez', (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'alive' }),
  );

  server.get('/readyz', async (_request, reply) => {
    const readiness = options.requests.isDraining ? draining : await options.isReady();
    return reply
      .code(readiness.ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(readiness);
  });
}

const draining: Readiness = {
  ready: false,
  components: [{ name: 'process', status: 'UNHEALTHY', message: 'Shutting down.' }],
};
