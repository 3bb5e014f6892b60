import { handleMaybePromise, type MaybePromise } from '@whatwg-node/promise-helpers';
import { z } from 'zod';
import type { Cache } from '../../caching/cache.ts';
import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { NotFound, TokenExpired, Unauthenticated } from '../../platform/errors.ts';
import { createId, fromPublicId } from '../../platform/ids.ts';
import { parseInput, invalidInput, textInput } from '../../platform/input.ts';
import type { LastSeenBuffer } from '../../platform/postgres/last-seen-buffer.ts';
import { createSecret, hashOfSecret, isSecret } from '../../platform/security/secrets.ts';
import { auditEntry } from '../audit/model.ts';
import { isTenantAdmin, scopes, type Viewer } from '../session/model.ts';
import type { ApiKey, KeyIdentity } from './model.ts';
import type { ApiKeyQueries } from './queries.ts';

/** The prefix that distinguishes API keys from other credentials. */
export const keyPrefix = 'parley_key_';

/** Random characters of a key that stay visible: enough to identify it, too few to help guessing. */
const shownCharacters = 6;

const revokeSchema = z.object({ apiKeyId: z.string() });

/** A key that has just been made. The secret exists here and at the client, nowhere else. */
export interface CreatedApiKey {
  readonly apiKey: ApiKey;
  readonly secret: string;
}

/** The service of API keys. */
export type ApiKeyService = ReturnType<typeof createApiKeyService>;

/** The rules of making, using and ending keys. */
export function createApiKeyService(options: {
  readonly queries: ApiKeyQueries;
  readonly apiKeys: Cache<KeyIdentity>;
  /** Notes every key that a request is made with. */
  readonly seen: Pick<LastSeenBuffer, 'note'>;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  readonly clock: Clock;
}) {
  const { queries, apiKeys, seen, waitForInvalidation, clock } = options;

  function admit(identity: KeyIdentity | null, tenantSlug: string | null): Viewer {
    if (identity?.isOwnerActive !== true) {
      throw new Unauthenticated('This API key is unknown or was revoked.');
    }
    if (identity.expiresAt !== null && new Date(identity.expiresAt).getTime() <= clock.now()) {
      throw new TokenExpired();
    }
    if (tenantSlug !== null && tenantSlug !== identity.tenantSlug) {
      throw new Unauthenticated('This API key does not belong to that tenant.');
    }
    seen.note(identity.tenantId, identity.keyId);
    return viewerFrom(identity);
  }

  return {
    /** Makes a key for the viewer, in their tenant. @throws InvalidInput */
    async create(viewer: Viewer, input: unknown): Promise<CreatedApiKey> {
      const now = clock.now();
      const { name, scopes: chosen, expiresAt = null } = parseInput(createSchemaAt(now), input);
      refuseUnlessAllowed(viewer, chosen);
      const secret = createSecret(keyPrefix);
      const apiKey = await queries.create(viewer.tenantId, {
        id: createId(),
        userId: viewer.userId,
        name,
        prefix: secret.slice(0, keyPrefix.length + shownCharacters),
        keyHash: Buffer.from(hashOfSecret(secret), 'hex'),
        scopes: scopes.filter((scope) => chosen.includes(scope)),
        createdAt: new Date(now),
        expiresAt,
      });
      return { apiKey, secret };
    },

    /**
     * Revokes a key of the viewer, or for admins a key of their tenant; a revoked key stays as it is.
     * @throws NotFound
     */
    async revoke(viewer: Viewer, input: unknown): Promise<ApiKey> {
      const { apiKeyId } = parseInput(revokeSchema, input);
      const id = fromPublicId('key', apiKeyId);
      const note = { action: 'revokeApiKey', target: apiKeyId };
      const entry = auditEntry(viewer, note, new Date(clock.now()));
      const revoked = id === null ? null : await queries.revoke(viewer, id, entry);
      if (revoked === null) throw new NotFound('API key', ['input', 'apiKeyId']);
      await waitForInvalidation();
      return revoked;
    },

    /**
     * Returns the viewer behind a key, who acts in the key's tenant; naming another tenant is rejected.
     * @throws Unauthenticated when it is not, or no longer, a key of an active member there
     * @throws TokenExpired
     */
    viewerByKey(key: string, tenantSlug: string | null): MaybePromise<Viewer> {
      if (!isSecret(keyPrefix, key)) throw new Unauthenticated('This credential is not a Parley API key.');
      const hash = hashOfSecret(key);
      const identity = apiKeys.get(hash, () => queries.identityByKeyHash(hash));
      return handleMaybePromise(
        () => identity,
        (found) => admit(found, tenantSlug),
      );
    },
  };
}

function createSchemaAt(now: number) {
  return z.object({
    name: textInput({ min: 1, max: 100 }),
    scopes: z
      .array(z.enum(scopes, `must be one of ${scopes.join(', ')}`))
      .min(1, 'must have at least one scope')
      .refine((chosen) => new Set(chosen).size === chosen.length, {
        message: 'must not name a scope twice',
        params: { reason: 'DUPLICATE' },
      }),
    expiresAt: z
      .date()
      .refine((date) => date.getTime() > now, {
        message: 'must be in the future',
        params: { reason: 'NOT_IN_FUTURE' },
      })
      .nullish(),
  });
}

function refuseUnlessAllowed(viewer: Viewer, chosen: readonly string[]): void {
  // A stolen key must lose everything by one revocation, which keys made by keys would prevent.
  if (viewer.apiKeyId !== null) {
    throw invalidInput('FORBIDDEN', 'An API key cannot create API keys; sign in instead.');
  }
  if (chosen.includes('admin') && !isTenantAdmin(viewer) && !viewer.isPlatformAdmin) {
    throw invalidInput('FORBIDDEN', 'Only admins can create keys with the scope `admin`.', ['scopes']);
  }
}

/** Through a key without the scope admin an admin is a member like others, in every rule. */
function viewerFrom({
  keyId,
  tenantId,
  userId,
  role,
  isPlatformAdmin,
  scopes: allowed,
}: KeyIdentity): Viewer {
  const mayAdminister = allowed.includes('admin');
  return {
    tenantId,
    userId,
    role: mayAdminister || role === 'GUEST' ? role : 'MEMBER',
    isPlatformAdmin: isPlatformAdmin && mayAdminister,
    session: null,
    apiKeyId: keyId,
    scopes: allowed,
  };
}
