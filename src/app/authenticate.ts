import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { IncomingHttpHeaders } from 'node:http';
import { keyPrefix, type ApiKeyService } from '../domains/api-key/service.ts';
import type { IdentityService } from '../domains/identity/service.ts';
import type { Viewer } from '../domains/session/model.ts';
import { tokenPrefix, type SessionService } from '../domains/session/service.ts';
import { Unauthenticated } from '../platform/errors.ts';

/** Headers -> who asks; null without credentials. A bad credential is refused, never taken for none. */
type Authenticate = (headers: IncomingHttpHeaders) => MaybePromise<Viewer | null>;

/** Answers a credential's viewer, or null for a token that is of another kind. */
type Verifier = (token: string, tenantSlug: string | null) => MaybePromise<Viewer> | null;

/**
 * Recognises the header `authorization: Bearer …`, and `x-tenant` where a person has several tenants.
 * @throws Unauthenticated, TokenExpired
 */
export function createAuthenticator(services: {
  readonly apiKey: ApiKeyService;
  readonly identity: IdentityService;
  readonly session: SessionService;
}): Authenticate {
  // A further kind of credential is a further line here, told apart by what its tokens begin with.
  const verifiers: readonly Verifier[] = [
    (token, tenantSlug) =>
      token.startsWith(tokenPrefix) ? services.session.viewerByToken(token, tenantSlug) : null,
    (token, tenantSlug) =>
      token.startsWith(keyPrefix) ? services.apiKey.viewerByKey(token, tenantSlug) : null,
    // A JWT (RFC 7519): three parts of base64url, of which the first is the JSON of a header.
    (token, tenantSlug) =>
      /^ey[\w-]*\.[\w-]*\.[\w-]*$/.test(token) ? services.identity.viewerByToken(token, tenantSlug) : null,
  ];

  return ({ authorization, 'x-tenant': tenant }) => {
    if (authorization === undefined) return null;
    const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined)
      throw new Unauthenticated('The header `authorization` must be `Bearer` and a token.');
    const tenantSlug = typeof tenant === 'string' && tenant !== '' ? tenant : null;
    for (const verify of verifiers) {
      const viewer = verify(token, tenantSlug);
      if (viewer !== null) return viewer;
    }
    throw new Unauthenticated('Unrecognized credential.');
  };
}
