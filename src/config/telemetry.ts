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
} as const;

type Variables = z.output<z.ZodObject<typeof telemetryVariables>>;

/** What is logged and measured. From so many milliseconds on something is slow; 0: nothing ever is. */
export interface TelemetryConfig {
  readonly logLevel: string;
  /** One line of JSON for each event, or text for people. */
  readonly logFormat: 'json' | 'readable';
  readonly slowQueryMs: number;
  readonly slowRequestMs: number;
  readonly verySlowRequestMs: number;
  /** Whether `/metrics` is answered, and to whom: null is this machine. */
  readonly metrics: { readonly isEnabled: boolean; readonly token: string | null };
}

/** What the variables mean. */
export function telemetryFrom(values: Variables, isProduction: boolean): TelemetryConfig {
  return Object.freeze({
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT ?? (isProduction ? 'json' : 'readable'),
    slowQueryMs: values.SLOW_QUERY_THRESHOLD_MS,
    slowRequestMs: values.SLOW_REQUEST_MS,
    verySlowRequestMs: values.VERY_SLOW_REQUEST_MS,
    metrics: Object.freeze({
      isEnabled: values.METRICS_ENABLED === 'true',
      token: values.METRICS_TOKEN ?? null,
    }),
  });
}
