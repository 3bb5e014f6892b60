import type { Config } from '../config/config.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import { OtlpExporter } from '../../platform/telemetry/otlp-exporter.ts';
import { Tracing } from '../../platform/telemetry/tracing.ts';
import { readVersion } from '../../platform/runtime/version.ts';

/** What makes traces and what sends them; both null where nothing is to be traced. */
export function createTracing(
  { telemetry: { tracing: settings } }: Config,
  logger: Logger,
): { readonly tracing: Tracing | null; readonly exporter: OtlpExporter | null } {
  if (settings === null) return { tracing: null, exporter: null };
  const { endpoint, headers, serviceName, share } = settings;
  const resource = { 'service.name': serviceName, 'service.version': readVersion() };
  const exporter = new OtlpExporter({ endpoint, headers, resource, logger });
  return { exporter, tracing: new Tracing({ share, add: (span) => exporter.add(span) }) };
}
