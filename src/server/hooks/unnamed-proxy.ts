import type { FastifyInstance } from 'fastify';
import type { Logger } from '../../platform/telemetry/logger.ts';

/**
 * Warns once of a proxy that TRUST_PROXY does not name. All its clients share the proxy's address, and with
 * it the limits of one address.
 */
export function warnOfUnnamedProxy(server: FastifyInstance, logger: Logger): void {
  let isWarned = false;
  server.addHook('onRequest', (request, _reply, done) => {
    const isForwarded = request.headers['x-forwarded-for'] !== undefined;
    if (isForwarded && !isWarned && request.ip === request.socket.remoteAddress) {
      isWarned = true;
      logger.warn(
        { address: request.ip },
        'x-forwarded-for ignored: TRUST_PROXY does not name this address; if it is a proxy, all its clients share its limits',
      );
    }
    done();
  });
}
