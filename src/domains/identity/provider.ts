import type { Clock } from '../../platform/runtime/clock.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { Role } from '../tenant/model.ts';
import { rolesWith } from './claims.ts';
import { KeySet } from './key-set.ts';
import type { LinkPolicy } from './model.ts';
import { readKeys, type KeyLocation } from './read-keys.ts';
import type { IdentityProvider } from './service.ts';
import { createTokenVerifier, type TokenRules } from './token-verifier.ts';

/** The settings of the identity provider. */
export interface IdentitySettings extends LinkPolicy {
  /** Null without an identity provider. */
  readonly provider: (TokenRules & { readonly keys: KeyLocation }) | null;
  /** Additional roles: the provider's name and the role here. */
  readonly roles: readonly (readonly [string, Role])[];
  /** True if an address without a statement of the provider counts as verified. */
  readonly areEmailsVerified: boolean;
}

/** Creates the configured identity provider, null without one; its keys are read with the first token. */
export function createIdentityProvider(
  { provider, roles, isLinkingBySlug, isProvisioning, areEmailsVerified }: IdentitySettings,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): IdentityProvider | null {
  if (provider === null) return null;
  const keys = new KeySet({ read: () => readKeys(provider.keys), clock, logger });
  const policy = { roles: rolesWith(roles), areEmailsVerified };
  const verifyToken = createTokenVerifier({ rules: provider, policy, keys, clock, logger });
  return { issuer: provider.issuer, verifyToken, linkPolicy: { isLinkingBySlug, isProvisioning } };
}
