import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.ts';
import type { StatisticsService } from '../../domains/statistics/service.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import { PeriodicTask } from '../../platform/runtime/periodic-task.ts';

/** Every process that listens has the clean-up in mind; the database lets one of them do it at a time. */
export function cleanUpWhileListening(
  server: FastifyInstance,
  options: {
    readonly config: Config;
    readonly logger: Logger;
    readonly statistics: Pick<StatisticsService, 'cleanUp'>;
  },
): void {
  const { config, logger, statistics } = options;
  if (config.cleanUpIntervalMs === null) return;
  const task = new PeriodicTask({
    work: (signal) => statistics.cleanUp(signal),
    intervalMs: config.cleanUpIntervalMs,
    onError: (error) => logger.warn({ err: error }, 'expired rows could not be removed'),
  });
  server.addHook('onListen', async () => task.start());
  server.addHook('onClose', async () => await task.stop());
}
