import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { CacheRegistry } from '../../platform/cache/cache-registry.ts';
import type { Cache } from '../../platform/cache/cache.ts';
import type { Clock } from '../../platform/clock.ts';
import { TokenExpired, Unauthenticated } from '../../platform/errors.ts';
import { createId, fromPublicId } from '../../platform/ids.ts';
import { parseInput, refused } from '../../platform/input.ts';
import { isPassword } from '../../platform/passwords.ts';
import { userTag } from '../user/model.ts';
import { scopes, sessionTag, type Session, type SessionIdentity, type Viewer } from './model.ts';
import type { Credentials, SessionQueries } from './queries.ts';

const tokenPrefix = 'parley_session_';
const tokenPattern = /^parley_session_[A-Za-z0-9_-]{43}$/;

const signInSchema = z.object({
  email: z.string(),
  password: z.string().max(1000, 'must have at most 1000 characters'),
  tenantId: z.string().nullish(),
});

/** Where a sign-in came from. */
export interface Device {
  readonly userAgent: string | null;
  readonly ipAddress: string | null;
}

/** A session that has just begun. The token exists here and at the client, nowhere else. */
export interface SignedIn {
  readonly token: string;
  readonly session: Session;
  readonly viewer: Viewer;
}

export type SessionService = ReturnType<typeof createSessionService>;

/** The rules of signing in, of being signed in, and of signing out. */
export function createSessionService(options: {
  readonly queries: SessionQueries;
  readonly sessions: Cache<SessionIdentity>;
  /** All caches, for what they hold about a person. */
  readonly caches: CacheRegistry;
  readonly clock: Clock;
  readonly ttlMs: number;
}) {
  const { queries, sessions, caches, clock, ttlMs } = options;

  /** Begins a session without asking for a password; for people whose identity is known by other means. */
  async function begin(account: Credentials, membership: Chosen, device: Device): Promise<SignedIn> {
    const token = tokenPrefix + randomBytes(32).toString('base64url');
    const now = clock.now();
    const session = await queries.create(membership.tenantId, {
      ...device,
      id: createId(),
      userId: account.userId,
      tokenHash: hashOf(token),
      createdAt: new Date(now),
      expiresAt: new Date(now + ttlMs),
    });
    await caches.invalidate({ tag: userTag(account.userId) });
    const { tenantId, role } = membership;
    const { userId, isPlatformAdmin } = account;
    return { token, session, viewer: { tenantId, userId, role, isPlatformAdmin, session, scopes } };
  }

  return {
    begin,

    /** @throws InputRefused, with the same words whether the account, the password or the membership is missing */
    async signIn(input: unknown, device: Device): Promise<SignedIn> {
      const { email, password, tenantId } = parseInput(signInSchema, input);
      const account = await queries.credentialsByEmail(email);
      const isRight = await isPassword(password, account?.passwordHash ?? null);
      const membership = account?.memberships.find((candidate) => isWanted(candidate.tenantId, tenantId));
      if (!isRight || account?.isActive !== true || membership === undefined) {
        throw refused('UNAUTHENTICATED', 'There is no account with this e-mail address and password.');
      }
      return begin(account, membership, device);
    },

    /** Ends the viewer's session; null when there is none, as with other credentials. */
    async signOut(viewer: Viewer): Promise<Session | null> {
      if (viewer.session === null) return null;
      const { tenantId, id } = viewer.session;
      const ended = await queries.revoke(tenantId, id, new Date(clock.now()));
      await sessions.invalidate({ tag: sessionTag(id) });
      return ended;
    },

    /**
     * Who a token stands for, in its own tenant or the one named by `tenantSlug`.
     * @throws Unauthenticated when it is not, or no longer, a token of an active member there
     * @throws TokenExpired
     */
    async viewerByToken(token: string, tenantSlug: string | null): Promise<Viewer> {
      if (!tokenPattern.test(token)) throw new Unauthenticated('This credential is not a token of Parley.');
      const tokenHash = hashOf(token);
      const identity = await sessions.get(tokenHash.toString('hex'), () =>
        queries.identityByTokenHash(tokenHash),
      );
      if (identity === null)
        throw new Unauthenticated('This session is unknown or was ended; sign in again.');
      if (new Date(identity.expiresAt).getTime() <= clock.now()) throw new TokenExpired();
      return viewerFrom(identity, tenantSlug);
    },
  };
}

/** Where to. */
type Chosen = Pick<Credentials['memberships'][number], 'tenantId' | 'role'>;

function viewerFrom(identity: SessionIdentity, tenantSlug: string | null): Viewer {
  const membership = identity.memberships.find((candidate) =>
    tenantSlug === null ? candidate.tenantId === identity.tenantId : candidate.slug === tenantSlug,
  );
  if (membership === undefined) {
    throw new Unauthenticated('The owner of this session is not an active member of that tenant.');
  }
  const { userId, isPlatformAdmin } = identity;
  const session = { tenantId: identity.tenantId, id: identity.sessionId };
  return { tenantId: membership.tenantId, userId, role: membership.role, isPlatformAdmin, session, scopes };
}

function isWanted(tenantId: string, publicId: string | null | undefined): boolean {
  return publicId === null || publicId === undefined || fromPublicId('tenant', publicId) === tenantId;
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
