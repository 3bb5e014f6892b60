import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { IncomingHttpHeaders } from 'node:http';
import { keyPrefix, type ApiKeyService } from '../domains/api-key/service.ts';
import type { IdentityService } from '../domains/identity/service.ts';
import type { Viewer } from '../domains/session/model.ts';
import { tokenPrefix, type SessionService } from '../domains/session/service.ts';
import { Unauthenticated } from '../platform/errors.ts';
import { isNone } from '../platform/text.ts';
import { networkOf } from '../platform/security/network-address.ts';
import type { RateLimitKeys } from '../server/limits/rate-limiter.ts';

/** Returns the viewer of a request; null without credentials. A wrong credential is never taken for none. */
type Authenticate = (headers: IncomingHttpHeaders) => MaybePromise<Viewer | null>;

/** A JWT (RFC 7519): three parts of base64url, the first of which is the JSON of a header. */
const jwtPattern = /^ey[\w-]*\.[\w-]*\.[\w-]*$/;

/**
 * Creates the function that recognizes the header `authorization: Bearer …`, and `x-tenant` for users of
 * several tenants.
 * @throws Unauthenticated, TokenExpired
 */
export function createAuthenticator(services: {
  readonly apiKey: ApiKeyService;
  readonly identity: IdentityService;
  readonly session: SessionService;
}): Authenticate {
  const { apiKey, identity, session } = services;
  return ({ authorization, 'x-tenant': tenant }) => {
    // Apollo Client's authentication link sends an empty header before anyone has signed in.
    if (isNone(authorization)) return null;
    const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined)
      throw new Unauthenticated('The header `authorization` must be `Bearer` and a token.');
    const tenantSlug = typeof tenant === 'string' && tenant !== '' ? tenant : null;
    // A further kind of credential is a further line here, recognized by its format.
    if (token.startsWith(tokenPrefix)) return session.viewerByToken(token, tenantSlug);
    if (token.startsWith(keyPrefix)) return apiKey.viewerByKey(token, tenantSlug);
    if (jwtPattern.test(token)) return identity.viewerByToken(token, tenantSlug);
    throw new Unauthenticated('Unrecognized credential.');
  };
}

/**
 * Returns the rate limits of a request: those of the user and the tenant, because a company may share one
 * address; without credentials that of the address.
 */
export function rateLimitKeysOf(viewer: Viewer | null, ipAddress: string): RateLimitKeys {
  if (viewer === null) return { address: networkOf(ipAddress) };
  return { user: `${viewer.tenantId}:${viewer.userId}`, tenant: viewer.tenantId };
}
