import { z } from 'zod';
import { declaredCaches } from '../../graphql/cache-list.ts';
import type { CacheDeclaration } from '../../caching/cache-declaration.ts';
import { cacheBytesDefault } from '../../caching/memory/memory-budget.ts';
import { accountFrom, accountVariables, type AccountConfig } from './account-settings.ts';
import { httpConfigFrom, httpVariables } from './http-settings.ts';
import { telemetryFrom, telemetryVariables, type TelemetryConfig } from './telemetry-settings.ts';
import { identityFrom, identityVariables, type IdentityConfig } from './identity-settings.ts';
import { liveFrom, liveLimitsFrom, liveVariables, type LiveConfig } from './live-settings.ts';
import { isProxyRange } from '../../platform/security/network-address.ts';
import type { HttpConfig } from '../../server/http-config.ts';

const day = 24 * 60 * 60;
const seconds = (fallback: number, max = 7 * day, min = 1) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Names separated by commas. */
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
);
const tries = (fallback: number) => z.coerce.number().int().min(1).max(1_000_000).default(fallback);
const proxy = z
  .string()
  .refine(isProxyRange, 'must be an address, a network such as 10.0.0.0/8, or loopback');

/** Comma-separated: one server, or several of a cluster. */
const redisUrls = z
  .string()
  .transform((text) => text.split(',').map((url) => url.trim()))
  .pipe(z.array(z.url({ protocol: /^rediss?$/ })).min(1));

/** Comma-separated: the first signs, the others are accepted while keys are replaced. */
const secretKeys = list.pipe(
  z.array(z.string().min(32, 'must have at least 32 characters').max(1000)).max(10, 'has at most 10 keys'),
);

const databaseProfiles = {
  development: { steady: 3, overflow: 5 },
  railway: { steady: 3, overflow: 7 },
  production: { steady: 8, overflow: 15 },
} as const;

const variables = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_PROFILE: z.enum(['development', 'railway', 'production']).optional(),
  DATABASE_DRIVER: z.enum(['binary', 'pg']).default('binary'),
  DATA_DIRECTORY: z.string().min(1).default('.data'),
  TRUST_PROXY: list.pipe(z.array(proxy)).default([]),
  SESSION_TTL: seconds(30 * day, 365 * day),
  REDIS_URL: redisUrls.optional(),
  SECRET_KEY: secretKeys.default([]),
  ACCESS_GRACE: seconds(15, 3600, 0),
  LAST_VALUE_MAX: seconds(3600, 7 * day, 0),
  CACHE_ENABLED: flag.default(true),
  CACHE_MEMORY_MAX: z.coerce
    .number()
    .int()
    .min(1024 * 1024)
    .default(cacheBytesDefault),
  SIGN_IN_LIMIT_PER_ACCOUNT: tries(10),
  SIGN_IN_LIMIT_PER_ADDRESS: tries(100),
  SIGN_IN_LIMIT_WINDOW: seconds(900, day),
  ...accountVariables,
  ...identityVariables,
  CLEANUP_ENABLED: flag.default(true),
  CLEANUP_INTERVAL: seconds(3600),
  EXECUTOR: z.enum(['level', 'graphql-js']).default('level'),
  ...telemetryVariables,
  EXPLORER_ENABLED: flag.optional(),
  ...httpVariables,
  ...liveVariables,
});

/** In milliseconds, by the variables that the caches declare. */
const cacheTtlSchema = z.object(
  Object.fromEntries(
    Object.values(declaredCaches).map(({ ttl }) => [
      ttl.variable,
      seconds(ttl.seconds, 7 * day, ttl.secondsMin ?? 0).transform((number) => number * 1000),
    ]),
  ),
);

/** Requirements of settings on other settings. */
const environmentSchema = variables
  .refine(({ NODE_ENV, DATABASE_URL }) => NODE_ENV !== 'production' || DATABASE_URL !== undefined, {
    path: ['DATABASE_URL'],
    message: 'is required when NODE_ENV is production',
  })
  .refine(
    ({ JWT_ISSUER, ...rest }) =>
      JWT_ISSUER !== undefined || (rest.JWT_JWKS === undefined && rest.IDENTITY_WEBHOOK_SECRET === undefined),
    { path: ['JWT_ISSUER'], message: 'is required with JWT_JWKS and with IDENTITY_WEBHOOK_SECRET' },
  )
  .refine(({ SMTP_URL, MAIL_FROM }) => SMTP_URL === undefined || MAIL_FROM !== undefined, {
    path: ['MAIL_FROM'],
    message: 'is required with SMTP_URL',
  })
  .refine(
    ({ TRUSTED_DOCUMENTS_MODE: mode, TRUSTED_DOCUMENTS_FILE: file }) => mode === 'off' || file !== undefined,
    {
      path: ['TRUSTED_DOCUMENTS_FILE'],
      message: 'is required when TRUSTED_DOCUMENTS_MODE is log or enforce',
    },
  );

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
    /** The name of the preset of pool sizes. */
    readonly profile: string;
    readonly steadySize: number;
    readonly overflowSize: number;
    readonly driver: 'binary' | 'pg';
  };
  /** The proxies whose `x-forwarded-for` is believed: addresses, networks, and names for such. */
  readonly trustedProxies: readonly string[];
  readonly sessionTtlMs: number;
  /** The attempts to sign in that are allowed within a window. */
  readonly signInLimits: {
    readonly triesPerAccount: number;
    readonly triesPerAddress: number;
    readonly windowMs: number;
  };
  /** The URLs of a server or of several servers of a cluster; without any, caches are in memory only. */
  readonly redisUrls: readonly string[];
  /** Sign what decides access where others could write; the first signs, all verify. */
  readonly secretKeys: readonly string[];
  /** The time without word from PostgreSQL in which remembered values decide access. */
  readonly accessGraceMs: number;
  /** The time in which other values are served after they expired, while PostgreSQL is unavailable. */
  readonly lastValueMaxMs: number;
  /** False: nothing is remembered. */
  readonly isCacheEnabled: boolean;
  /** Bytes of memory of all caches together. */
  readonly cacheMemoryMax: number;
  /** By the variable that sets it; read by `cacheTtlMs`. */
  readonly cacheTtlsMs: Readonly<Record<string, number>>;
  readonly account: AccountConfig;
  readonly identity: IdentityConfig;
  /** The interval at which expired rows are removed; null for never. */
  readonly cleanUpIntervalMs: number | null;
  /** The executor of operations; the level executor leaves unsupported operations to graphql-js. */
  readonly executor: 'level' | 'graphql-js';
  readonly telemetry: TelemetryConfig;
  /** Apollo Sandbox on /graphql, GraphiQL on /explorer. */
  readonly isExplorerEnabled: boolean;
  readonly http: HttpConfig;
  readonly live: LiveConfig;
}

/** An environment that Parley cannot use; the message lists every error, one a line. */
export class InvalidConfiguration extends Error {}

/**
 * Reads the environment, which main.ts hands over; nothing else in Parley does.
 * @throws InvalidConfiguration with all faults at once
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = withoutEmpty(environment);
  const parsed = environmentSchema.safeParse(given);
  const cacheTtls = cacheTtlSchema.safeParse(given);
  if (!parsed.success || !cacheTtls.success) {
    const issues = [parsed, cacheTtls].flatMap(({ error }) => error?.issues ?? []);
    throw new InvalidConfiguration(
      issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'),
    );
  }
  return configFrom(parsed.data, cacheTtls.data);
}

type Values = z.output<typeof environmentSchema>;

function configFrom(values: Values, cacheTtlsMs: Config['cacheTtlsMs']): Config {
  const isProduction = values.NODE_ENV === 'production';
  const isExplorerEnabled = values.EXPLORER_ENABLED ?? !isProduction;
  return Object.freeze({
    isProduction,
    host: values.HOST,
    port: values.PORT,
    database: databaseFrom(values, isProduction),
    trustedProxies: Object.freeze(values.TRUST_PROXY),
    sessionTtlMs: values.SESSION_TTL * 1000,
    signInLimits: Object.freeze({
      triesPerAccount: values.SIGN_IN_LIMIT_PER_ACCOUNT,
      triesPerAddress: values.SIGN_IN_LIMIT_PER_ADDRESS,
      windowMs: values.SIGN_IN_LIMIT_WINDOW * 1000,
    }),
    secretKeys: Object.freeze(values.SECRET_KEY),
    redisUrls: Object.freeze(values.REDIS_URL ?? []),
    accessGraceMs: values.ACCESS_GRACE * 1000,
    lastValueMaxMs: values.LAST_VALUE_MAX * 1000,
    isCacheEnabled: values.CACHE_ENABLED,
    cacheMemoryMax: values.CACHE_MEMORY_MAX,
    cacheTtlsMs: Object.freeze(cacheTtlsMs),
    account: accountFrom(values),
    identity: identityFrom(values),
    cleanUpIntervalMs: values.CLEANUP_ENABLED ? values.CLEANUP_INTERVAL * 1000 : null,
    executor: values.EXECUTOR,
    telemetry: telemetryFrom(values, isProduction),
    isExplorerEnabled,
    http: {
      ...httpConfigFrom(values, { isExplorerEnabled, isProduction }),
      live: liveLimitsFrom(values),
    },
    live: liveFrom(values),
  });
}

function databaseFrom(values: Values, isProduction: boolean): Config['database'] {
  const profile = values.DATABASE_PROFILE ?? (isProduction ? 'production' : 'development');
  return Object.freeze({
    url: values.DATABASE_URL ?? null,
    dataDirectory: values.DATA_DIRECTORY,
    profile,
    steadySize: databaseProfiles[profile].steady,
    overflowSize: databaseProfiles[profile].overflow,
    driver: values.DATABASE_DRIVER,
  });
}

/** The time to live of a cache in milliseconds; 0: it is disabled. */
export function cacheTtlMs({ cacheTtlsMs }: Config, { ttl }: Pick<CacheDeclaration<never>, 'ttl'>): number {
  return cacheTtlsMs[ttl.variable] ?? ttl.seconds * 1000;
}

/** `NAME=` in an env file means "not set", as in every shell script. */
function withoutEmpty(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, value]],
    ),
  );
}
