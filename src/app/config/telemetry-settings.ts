import { z } from 'zod';

const milliseconds = (fallback: number) => z.coerce.number().int().min(0).max(3_600_000).default(fallback);

/** The variables that say what is logged and measured. */
export const telemetryVariables = {
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  LOG_FORMAT: z.enum(['json', 'readable']).optional(),
  SLOW_QUERY_THRESHOLD_MS: milliseconds(100),
  SLOW_REQUEST_MS: milliseconds(1000),
  VERY_SLOW_REQUEST_MS: milliseconds(3000),
  METRICS_ENABLED: z.enum(['true', 'false']).default('true'),
  METRICS_TOKEN: z.string().min(16).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .regex(/^[^=,]+=[^,]*(,[^=,]+=[^,]*)*$/, 'must be name=value, separated by commas')
    .optional(),
  OTEL_SERVICE_NAME: z.string().min(1).default('parley'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
} as const;

type Variables = z.output<z.ZodObject<typeof telemetryVariables>>;

/** Logs and measurements. Thresholds are in milliseconds; 0 disables a threshold. */
export interface TelemetryConfig {
  readonly logLevel: string;
  /** JSON lines, or text for a terminal. */
  readonly logFormat: 'json' | 'readable';
  readonly slowQueryMs: number;
  readonly slowRequestMs: number;
  readonly verySlowRequestMs: number;
  /** The destination of traces and the proportion of traced requests; null without tracing. */
  readonly tracing: {
    readonly endpoint: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly serviceName: string;
    readonly share: number;
  } | null;
  /** The route `/metrics`; with a null token, only for this machine. */
  readonly metrics: { readonly isEnabled: boolean; readonly token: string | null };
}

/** Reads the settings of logs and measurements from the variables. */
export function telemetryFrom(values: Variables, isProduction: boolean): TelemetryConfig {
  return Object.freeze({
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT ?? (isProduction ? 'json' : 'readable'),
    slowQueryMs: values.SLOW_QUERY_THRESHOLD_MS,
    slowRequestMs: values.SLOW_REQUEST_MS,
    verySlowRequestMs: values.VERY_SLOW_REQUEST_MS,
    tracing: tracingFrom(values),
    metrics: Object.freeze({
      isEnabled: values.METRICS_ENABLED === 'true',
      token: values.METRICS_TOKEN ?? null,
    }),
  });
}

/** Values may be percent-encoded, as OpenTelemetry's specification of these variables has it. */
function tracingFrom(values: Variables): TelemetryConfig['tracing'] {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers = '' } = values;
  if (endpoint === undefined) return null;
  const pairs = headers.split(',').filter((pair) => pair !== '');
  return Object.freeze({
    endpoint,
    headers: Object.freeze(
      Object.fromEntries(
        pairs.map((pair) => {
          const [name = '', ...rest] = pair.split('=');
          return [name.trim().toLowerCase(), decodeURIComponent(rest.join('=').trim())];
        }),
      ),
    ),
    serviceName: values.OTEL_SERVICE_NAME,
    share: values.OTEL_TRACES_SAMPLER_ARG,
  });
}
