import { z } from 'zod';
import { isLoopback } from '../../server/loopback.ts';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Names separated by commas. */
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
);
/** Signature algorithms with public keys only: with a shared secret, every verifier could create tokens. */
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
/** A role that the provider may give; owners are made only in Parley. */
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

/** The variables that say whose tokens and webhooks are believed. */
export const identityVariables = {
  JWT_JWKS: keyLocation.optional(),
  JWT_ISSUER: z.string().min(1).max(500).optional(),
  JWT_AUDIENCE: list.default([]),
  JWT_AUTHORIZED_PARTIES: list.default([]),
  JWT_ALGORITHMS: list.pipe(z.array(algorithm).min(1)).default(['RS256']),
  IDENTITY_ROLE_MAP: list.pipe(z.array(roleOfProvider)).default([]),
  IDENTITY_PROVISION_TENANTS: flag.default(false),
  IDENTITY_LINK_BY_SLUG: flag.default(false),
  IDENTITY_EMAILS_VERIFIED: flag.default(false),
  IDENTITY_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{24,}={0,2}$/, 'must begin with whsec_, as the provider shows it')
    .optional(),
} as const;

type Variables = z.output<z.ZodObject<typeof identityVariables>>;

/** The identity provider, as it is set from outside. */
export interface IdentityConfig {
  /** The tokens that are accepted; null for no identity provider. */
  readonly provider: {
    readonly keys: { readonly url: string } | { readonly file: string };
    readonly issuer: string;
    readonly audiences: readonly string[];
    readonly authorizedParties: readonly string[];
    readonly algorithms: readonly string[];
  } | null;
  /** Beside those that are always known: the provider's role, and ours. */
  readonly roles: readonly (readonly [string, 'ADMIN' | 'MEMBER' | 'GUEST'])[];
  /** True if an organisation without a tenant becomes a new tenant. */
  readonly isProvisioning: boolean;
  /** True if an organisation is linked to the tenant of the same slug, if that tenant has no organisation. */
  readonly isLinkingBySlug: boolean;
  /** True if an email address is verified where the provider does not say. */
  readonly areEmailsVerified: boolean;
  /** The secret that signs the provider's webhooks; null where there is no such route. */
  readonly webhook: { readonly secret: string; readonly issuer: string } | null;
}

/** Reads the identity provider's settings from the variables. */
export function identityFrom(values: Variables): IdentityConfig {
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
    isLinkingBySlug: values.IDENTITY_LINK_BY_SLUG,
    areEmailsVerified: values.IDENTITY_EMAILS_VERIFIED,
    webhook: secret === undefined || issuer === undefined ? null : Object.freeze({ secret, issuer }),
  });
}

/**
 * Returns true for https, and for http on this machine: keys from an unprotected connection may be forged.
 */
function isSafeUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
}
