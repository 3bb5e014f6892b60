import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from './logger.ts';
import { SpanQueue } from './span-queue.ts';
import { Tracing } from './tracing.ts';

/** The destination of traces, and the requests that are traced. */
export interface TracingOptions {
  /** The URL of a collector's OTLP over HTTP, without the path. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly version: string;
  /**
   * The proportion of requests that start a trace, from 0 to 1; a `traceparent` decides for its own request.
   */
  readonly share: number;
  readonly logger: Logger;
}

const exportTimeoutMs = 5000;

/**
 * Starts exporting spans; `stop` exports the remaining spans and never rejects. This file must be imported
 * dynamically, so that a process without tracing does not load the OpenTelemetry SDK.
 */
export function startTracing(options: TracingOptions): {
  readonly tracing: Tracing;
  readonly stop: () => Promise<void>;
} {
  const { endpoint, headers, serviceName, version, share, logger } = options;
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    headers: { ...headers },
    timeoutMillis: exportTimeoutMs,
  });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [new SpanQueue(exporter, { logger, timeoutMs: exportTimeoutMs })],
  });
  return {
    tracing: new Tracing(provider.getTracer('parley')),
    // The exporter has logged a failure already.
    stop: () => provider.shutdown().catch(() => undefined),
  };
}
