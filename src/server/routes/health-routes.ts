import type { FastifyInstance } from 'fastify';
import type { InFlightRequests } from '../limits/in-flight-requests.ts';

/** How one part that a request needs is doing. */
export interface ComponentReadiness {
  readonly name: string;
  readonly status: 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY';
  /** Written for the operator, and readable by anyone who reaches the server: never an error's own text. */
  readonly message: string | null;
}

/** Whether requests should be sent to this process. */
export interface Readiness {
  readonly ready: boolean;
  readonly components: readonly ComponentReadiness[];
}

/** They answer whatever else is refused. */
export const healthUrls: ReadonlySet<string> = new Set(['/livez', '/readyz']);

/**
 * `/livez` answers as long as the process does, and asks nobody: a restart can't mend a database that is
 * away. `/readyz` is 200 when requests may come and 503 when they should go elsewhere, with the same JSON in
 * both cases.
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
