import type { Config } from './config.ts';
import type { Logger } from './platform/logger.ts';
import { OtlpExporter } from './platform/otlp-exporter.ts';
import { Tracing } from './platform/tracing.ts';
import { readVersion } from './platform/version.ts';

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
