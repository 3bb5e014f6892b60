import { z } from 'zod';
import { isOriginPattern, localOrigins } from '../../server/allowed-origins.ts';
import type { HttpConfig } from '../../server/http-config.ts';
import type { Config } from './config.ts';

const whole = (fallback: number, max = 1_000_000_000) =>
  z.coerce.number().int().min(0).max(max).default(fallback);
const originList = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
  )
  .pipe(
    z.array(
      z
        .string()
        .refine(
          isOriginPattern,
          'must be an origin such as https://app.example.com, or https://*.example.com',
        ),
    ),
  );
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** The variables of the HTTP server's limits; 0 turns a limit off. */
export const httpVariables = {
  INTROSPECTION_ENABLED: flag.optional(),
  QUERY_TOKENS_MAX: whole(2000),
  QUERY_DEPTH_MAX: whole(12),
  QUERY_ALIASES_MAX: whole(30),
  QUERY_ROOT_FIELDS_MAX: whole(20),
  QUERY_DIRECTIVES_MAX: whole(50),
  QUERY_LIST_MAX: whole(200),
  QUERY_COST_MAX: whole(10_000),
  ANSWER_BYTES_MAX: whole(8 * 1024 * 1024),
  REQUEST_TIMEOUT: whole(8, 600),
  RECEIVE_TIMEOUT: z.coerce.number().int().min(1).max(600).default(12),
  DRAIN_DELAY: whole(2, 60),
  EVENT_LOOP_DELAY_MAX_MS: whole(1000, 60_000),
  CONNECTIONS_MAX: whole(10_000),
  CORS_ORIGINS: originList.optional(),
  RATE_LIMIT_PER_USER: whole(600_000),
  RATE_LIMIT_PER_TENANT: whole(2_400_000),
  RATE_LIMIT_PER_ADDRESS: whole(600_000),
  TRUSTED_DOCUMENTS_FILE: z.string().min(1).optional(),
  TRUSTED_DOCUMENTS_MODE: z.enum(['off', 'log', 'enforce']).default('off'),
} as const;

type Variables = z.output<z.ZodObject<typeof httpVariables>>;

/** Reads the limits of the HTTP server from the variables. */
export function httpConfigFrom(
  values: Variables,
  { isExplorerEnabled, isProduction }: Pick<Config, 'isExplorerEnabled' | 'isProduction'>,
): Omit<HttpConfig, 'live'> {
  return Object.freeze({
    isIntrospectionEnabled: values.INTROSPECTION_ENABLED ?? isExplorerEnabled,
    queryLimits: Object.freeze({
      tokensMax: values.QUERY_TOKENS_MAX,
      depthMax: values.QUERY_DEPTH_MAX,
      aliasesMax: values.QUERY_ALIASES_MAX,
      rootFieldsMax: values.QUERY_ROOT_FIELDS_MAX,
      directivesMax: values.QUERY_DIRECTIVES_MAX,
      listMax: values.QUERY_LIST_MAX,
      costMax: values.QUERY_COST_MAX,
    }),
    answerBytesMax: values.ANSWER_BYTES_MAX,
    requestTimeoutMs: values.REQUEST_TIMEOUT * 1000,
    receiveTimeoutMs: values.RECEIVE_TIMEOUT * 1000,
    drainMs: values.DRAIN_DELAY * 1000,
    eventLoopDelayMaxMs: values.EVENT_LOOP_DELAY_MAX_MS,
    connectionsMax: values.CONNECTIONS_MAX,
    allowedOrigins: Object.freeze(values.CORS_ORIGINS ?? (isProduction ? [] : [...localOrigins])),
    rateLimits: Object.freeze({
      user: values.RATE_LIMIT_PER_USER,
      tenant: values.RATE_LIMIT_PER_TENANT,
      address: values.RATE_LIMIT_PER_ADDRESS,
    }),
    trustedDocuments: Object.freeze({
      file: values.TRUSTED_DOCUMENTS_FILE ?? null,
      mode: values.TRUSTED_DOCUMENTS_MODE,
    }),
  });
}
