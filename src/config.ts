import { z } from 'zod';

const day = 24 * 60 * 60;
const seconds = (fallback: number, max = 7 * day) =>
  z.coerce.number().int().min(1).max(max).default(fallback);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

const databaseProfiles = {
  development: { steady: 3, overflow: 5 },
  railway: { steady: 3, overflow: 7 },
  production: { steady: 8, overflow: 15 },
} as const;

const environmentSchema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_PROFILE: z.enum(['development', 'railway', 'production']).optional(),
  DATA_DIRECTORY: z.string().min(1).default('.data'),
  SESSION_TTL: seconds(30 * day, 365 * day),
  CACHE_ENABLED: flag.default(true),
  SETTINGS_CACHE_TTL: seconds(300),
  MODELS_CACHE_TTL: seconds(3600),
  USER_PROFILE_CACHE_TTL: seconds(300),
  SESSIONS_CACHE_TTL: seconds(900),
  SCHEMA_CACHE_TTL: seconds(3600),
  API_KEYS_CACHE_TTL: seconds(900),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  EXPLORER_ENABLED: flag.optional(),
});

/** Everything that is set from outside, checked and frozen. Times are in milliseconds. */
export interface Config {
  readonly isProduction: boolean;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly database: {
    /** Null: the embedded PostgreSQL. */
    readonly url: string | null;
    readonly dataDirectory: string;
    readonly steadySize: number;
    readonly overflowSize: number;
  };
  readonly sessionTtlMs: number;
  /** False: nothing is remembered. */
  readonly isCacheEnabled: boolean;
  readonly cacheTtlMs: {
    readonly settings: number;
    readonly models: number;
    readonly profiles: number;
    readonly sessions: number;
    readonly schema: number;
    readonly apiKeys: number;
  };
  readonly logLevel: string;
  /** Apollo Sandbox on /graphql, GraphiQL on /explorer, and introspection. */
  readonly isExplorerEnabled: boolean;
}

/** The environment says something that Parley cannot use; the message lists every fault, one a line. */
export class InvalidConfiguration extends Error {}

/**
 * Reads the environment, which main.ts hands over; nothing else in Parley does.
 * @throws InvalidConfiguration with all faults at once
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const parsed = environmentSchema.safeParse(withoutEmpty(environment));
  if (!parsed.success) {
    throw new InvalidConfiguration(
      parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'),
    );
  }
  const values = parsed.data;
  const isProduction = values.NODE_ENV === 'production';
  if (isProduction && values.DATABASE_URL === undefined) {
    throw new InvalidConfiguration('DATABASE_URL: is required when NODE_ENV is production');
  }
  const profile = databaseProfiles[values.DATABASE_PROFILE ?? (isProduction ? 'production' : 'development')];
  return Object.freeze({
    isProduction,
    host: values.HOST,
    port: values.PORT,
    database: Object.freeze({
      url: values.DATABASE_URL ?? null,
      dataDirectory: values.DATA_DIRECTORY,
      steadySize: profile.steady,
      overflowSize: profile.overflow,
    }),
    sessionTtlMs: values.SESSION_TTL * 1000,
    isCacheEnabled: values.CACHE_ENABLED,
    cacheTtlMs: Object.freeze({
      settings: values.SETTINGS_CACHE_TTL * 1000,
      models: values.MODELS_CACHE_TTL * 1000,
      profiles: values.USER_PROFILE_CACHE_TTL * 1000,
      sessions: values.SESSIONS_CACHE_TTL * 1000,
      schema: values.SCHEMA_CACHE_TTL * 1000,
      apiKeys: values.API_KEYS_CACHE_TTL * 1000,
    }),
    logLevel: values.LOG_LEVEL,
    isExplorerEnabled: values.EXPLORER_ENABLED ?? !isProduction,
  });
}

/** `NAME=` in an env file means "not set", as in every shell script. */
function withoutEmpty(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, value]],
    ),
  );
}
