import { z } from 'zod';
import { isProxyRange } from './platform/network-address.ts';
import { isLoopback } from './server/loopback.ts';

const day = 24 * 60 * 60;
const seconds = (fallback: number, max = 7 * day) =>
  z.coerce.number().int().min(1).max(max).default(fallback);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Names separated by commas. */
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
);
/** Public-key signatures only: with a shared secret, whoever can check a token can make one. */
const algorithm = z.enum([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]);
/** A provider makes no owners: they answer to nobody there. */
const roleOfProvider = z
  .string()
  .transform((text) => text.split('='))
  .pipe(
    z.tuple(
      [z.string().min(1), z.enum(['ADMIN', 'MEMBER', 'GUEST'])],
      'must be written as org:editor=MEMBER',
    ),
  );
const keyLocation = z
  .string()
  .refine(
    (text) => !text.includes('://') || isSafeUrl(text),
    'must be an https address or the path of a file',
  )
  .transform((text) => (text.includes('://') ? { url: text } : { file: text }));
const tries = (fallback: number) => z.coerce.number().int().min(1).max(1_000_000).default(fallback);
const proxy = z
  .string()
  .refine(isProxyRange, 'must be an address, a network such as 10.0.0.0/8, or loopback');

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
  DATA_DIRECTORY: z.string().min(1).default('.data'),
  TRUST_PROXY: list.pipe(z.array(proxy)).default([]),
  SESSION_TTL: seconds(30 * day, 365 * day),
  CACHE_ENABLED: flag.default(true),
  SIGN_IN_LIMIT_PER_ACCOUNT: tries(10),
  SIGN_IN_LIMIT_PER_ADDRESS: tries(100),
  SIGN_IN_LIMIT_WINDOW: seconds(900, day),
  SETTINGS_CACHE_TTL: seconds(300),
  MODELS_CACHE_TTL: seconds(3600),
  USER_PROFILE_CACHE_TTL: seconds(300),
  SESSIONS_CACHE_TTL: seconds(900),
  SCHEMA_CACHE_TTL: seconds(3600),
  API_KEYS_CACHE_TTL: seconds(900),
  IDENTITIES_CACHE_TTL: seconds(900),
  JWT_JWKS: keyLocation.optional(),
  JWT_ISSUER: z.string().min(1).max(500).optional(),
  JWT_AUDIENCE: list.default([]),
  JWT_AUTHORIZED_PARTIES: list.default([]),
  JWT_ALGORITHMS: list.pipe(z.array(algorithm).min(1)).default(['RS256']),
  IDENTITY_ROLE_MAP: list.pipe(z.array(roleOfProvider)).default([]),
  IDENTITY_PROVISION_TENANTS: flag.default(false),
  IDENTITY_EMAILS_VERIFIED: flag.default(false),
  IDENTITY_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{24,}={0,2}$/, 'must begin with whsec_, as the provider shows it')
    .optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  EXPLORER_ENABLED: flag.optional(),
});

/** What one setting asks of another. */
const environmentSchema = variables
  .refine(({ NODE_ENV, DATABASE_URL }) => NODE_ENV !== 'production' || DATABASE_URL !== undefined, {
    path: ['DATABASE_URL'],
    message: 'is required when NODE_ENV is production',
  })
  .refine(
    ({ JWT_ISSUER, ...rest }) =>
      JWT_ISSUER !== undefined || (rest.JWT_JWKS === undefined && rest.IDENTITY_WEBHOOK_SECRET === undefined),
    { path: ['JWT_ISSUER'], message: 'is required with JWT_JWKS and with IDENTITY_WEBHOOK_SECRET' },
  );

type Variables = z.output<typeof environmentSchema>;

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
  /** The proxies whose `x-forwarded-for` is believed: addresses, networks, and names for such. */
  readonly trustedProxies: readonly string[];
  readonly sessionTtlMs: number;
  /** How often signing in may be tried, within how long. */
  readonly signInLimits: {
    readonly triesPerAccount: number;
    readonly triesPerAddress: number;
    readonly windowMs: number;
  };
  /** False: nothing is remembered. */
  readonly isCacheEnabled: boolean;
  readonly cacheTtlMs: {
    readonly settings: number;
    readonly models: number;
    readonly profiles: number;
    readonly sessions: number;
    readonly schema: number;
    readonly apiKeys: number;
    readonly identities: number;
  };
  readonly identity: {
    /** Whose tokens are accepted; null: no token of any identity provider. */
    readonly provider: {
      readonly keys: { readonly url: string } | { readonly file: string };
      readonly issuer: string;
      readonly audiences: readonly string[];
      readonly authorizedParties: readonly string[];
      readonly algorithms: readonly string[];
    } | null;
    /** Beside those that are always known: the provider's role, and ours. */
    readonly roles: readonly (readonly [string, 'ADMIN' | 'MEMBER' | 'GUEST'])[];
    /** Whether an organisation that is not known becomes a tenant. */
    readonly isProvisioning: boolean;
    /** Whether an address counts as verified where the provider does not say. */
    readonly areEmailsVerified: boolean;
    /** What the provider signs its webhooks with; null: there is no such route. */
    readonly webhook: { readonly secret: string; readonly issuer: string } | null;
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
    trustedProxies: Object.freeze(values.TRUST_PROXY),
    sessionTtlMs: values.SESSION_TTL * 1000,
    signInLimits: Object.freeze({
      triesPerAccount: values.SIGN_IN_LIMIT_PER_ACCOUNT,
      triesPerAddress: values.SIGN_IN_LIMIT_PER_ADDRESS,
      windowMs: values.SIGN_IN_LIMIT_WINDOW * 1000,
    }),
    isCacheEnabled: values.CACHE_ENABLED,
    cacheTtlMs: Object.freeze({
      settings: values.SETTINGS_CACHE_TTL * 1000,
      models: values.MODELS_CACHE_TTL * 1000,
      profiles: values.USER_PROFILE_CACHE_TTL * 1000,
      sessions: values.SESSIONS_CACHE_TTL * 1000,
      schema: values.SCHEMA_CACHE_TTL * 1000,
      apiKeys: values.API_KEYS_CACHE_TTL * 1000,
      identities: values.IDENTITIES_CACHE_TTL * 1000,
    }),
    identity: identityFrom(values),
    logLevel: values.LOG_LEVEL,
    isExplorerEnabled: values.EXPLORER_ENABLED ?? !isProduction,
  });
}

function identityFrom(values: Variables): Config['identity'] {
  const { JWT_JWKS: keys, JWT_ISSUER: issuer, IDENTITY_WEBHOOK_SECRET: secret } = values;
  return Object.freeze({
    provider:
      keys === undefined || issuer === undefined
        ? null
        : Object.freeze({
            keys,
            issuer,
            audiences: values.JWT_AUDIENCE,
            authorizedParties: values.JWT_AUTHORIZED_PARTIES,
            algorithms: values.JWT_ALGORITHMS,
          }),
    roles: values.IDENTITY_ROLE_MAP,
    isProvisioning: values.IDENTITY_PROVISION_TENANTS,
    areEmailsVerified: values.IDENTITY_EMAILS_VERIFIED,
    webhook: secret === undefined || issuer === undefined ? null : Object.freeze({ secret, issuer }),
  });
}

/** Keys that come unprotected could be anybody's; on this machine itself nobody is in between. */
function isSafeUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
}

/** `NAME=` in an env file means "not set", as in every shell script. */
function withoutEmpty(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, value]],
    ),
  );
}
