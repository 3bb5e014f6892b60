import type { MaybePromise } from '@whatwg-node/promise-helpers';
import { hash } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../platform/runtime/clock.ts';
import { Refusal, TokenExpired, Unauthenticated } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import { clockToleranceSeconds, readClaims, type ClaimsPolicy } from './claims.ts';
import type { KeySet } from './key-set.ts';
import type { ProviderClaims } from './model.ts';

/** The rules for accepting a token. */
export interface TokenRules {
  readonly issuer: string;
  /** A token must be meant for one of them; empty: only tokens that name no audience are accepted. */
  readonly audiences: readonly string[];
  /** The accepted values of `azp`; empty accepts all. */
  readonly authorizedParties: readonly string[];
  /** Public-key algorithms only: a shared secret that verifies tokens can also sign them. */
  readonly algorithms: readonly string[];
}

/** Verifies a token and returns its claims. @throws Unauthenticated, TokenExpired, Unavailable */
export type VerifyToken = (token: string) => MaybePromise<ProviderClaims>;

/** The maximum length in characters; Clerk's tokens have about a thousand. */
const tokenLengthMax = 8192;
const rememberedMax = 10_000;
/** The accepted media types (RFC 8725, section 3.11): providers sign other things with the same keys. */
const types: readonly unknown[] = [undefined, 'jwt', 'at+jwt', 'application/jwt', 'application/at+jwt'];

/** Checks tokens; the signature of each once, as long as it is remembered and the keys stay as they are. */
export function createTokenVerifier(options: {
  readonly rules: TokenRules;
  readonly policy: ClaimsPolicy;
  readonly keys: KeySet;
  readonly clock: Clock;
  readonly logger: Logger;
}): VerifyToken {
  const { rules, policy, keys, clock, logger } = options;
  // By SHA-256, so that a memory dump reveals no token.
  const remembered = new LRUCache<string, { readonly claims: ProviderClaims; readonly generation: number }>({
    max: rememberedMax,
  });

  return (token) => {
    if (token.length > tokenLengthMax) throw new Unauthenticated('This token is too long.');
    const tokenHash = hash('sha256', token, 'base64');
    const known = remembered.get(tokenHash);
    if (known?.generation !== keys.generation) return check(token, tokenHash);
    keys.keepFresh();
    if (known.claims.acceptedUntil.getTime() > clock.now()) return known.claims;
    remembered.delete(tokenHash);
    throw new TokenExpired();
  };

  async function check(token: string, tokenHash: string): Promise<ProviderClaims> {
    const { generation } = keys;
    const payload = await verifiedPayload(token, { rules, keys, clock, logger });
    const claims = readClaims(payload, policy);
    if (claims === null) throw new Unauthenticated('The token has invalid claims.');
    refuseForeign(payload, rules);
    refuseFuture(claims, clock.now());
    // Of the generation before the check: keys that came during it may not be those that it was made with.
    remembered.set(tokenHash, { claims, generation });
    return claims;
  }
}

/** Reports only "not accepted": a forged token must not reveal which check it failed. */
async function verifiedPayload(
  token: string,
  { rules, keys, clock, logger }: { rules: TokenRules; keys: KeySet; clock: Clock; logger: Logger },
): Promise<JWTPayload> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys.find, {
      algorithms: [...rules.algorithms],
      issuer: rules.issuer,
      ...(rules.audiences.length > 0 && { audience: [...rules.audiences] }),
      requiredClaims: ['exp', 'sub'],
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(clock.now()),
    });
    if (types.includes(protectedHeader.typ?.toLowerCase())) return payload;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (error instanceof errors.JWTExpired) throw new TokenExpired();
    // Anything else comes of a key of the provider's that can't be used, and is for the operator to see.
    if (!(error instanceof errors.JOSEError)) logger.warn({ err: error }, 'a token could not be checked');
  }
  throw new Unauthenticated('This token is not accepted.');
}

function refuseForeign(payload: JWTPayload, { audiences, authorizedParties }: TokenRules): void {
  // RFC 7519, section 4.1.3: who is not meant must refuse.
  const isMeantForOthers = audiences.length === 0 && payload.aud !== undefined;
  const party = payload['azp'];
  const isOfStranger =
    authorizedParties.length > 0 && !(typeof party === 'string' && authorizedParties.includes(party));
  if (isMeantForOthers || isOfStranger) throw new Unauthenticated('This token was not issued for this API.');
}

function refuseFuture({ issuedAt }: ProviderClaims, now: number): void {
  if (issuedAt.getTime() > now + clockToleranceSeconds * 1000) {
    throw new Unauthenticated('This token is not valid yet.');
  }
}
