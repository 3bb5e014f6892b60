import type { Config } from '../config/config.ts';
import { readVersion } from '../../platform/runtime/version.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { Telemetry } from '../../platform/telemetry/metrics/telemetry.ts';

/** Traces requests where a collector is configured; the returned function exports the remaining spans. */
export async function traceRequests(
  telemetry: Pick<Telemetry, 'tracing'>,
  { config, logger }: { readonly config: Config; readonly logger: Logger },
): Promise<() => Promise<void>> {
  const settings = config.telemetry.tracing;
  if (settings === null) return async () => {};
  const { startTracing } = await import('../../platform/telemetry/start-tracing.ts');
  const { tracing, stop } = startTracing({ ...settings, version: readVersion(), logger });
  telemetry.tracing = tracing;
  return stop;
}
