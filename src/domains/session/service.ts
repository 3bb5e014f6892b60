import type { MaybePromise } from '@whatwg-node/promise-helpers';
import { z } from 'zod';
import type { Cache } from '../../caching/cache.ts';
import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { NotFound, TokenExpired, Unauthenticated } from '../../platform/errors.ts';
import { emailInput } from '../../platform/email-address.ts';
import { createId, fromPublicId } from '../../platform/ids.ts';
import { optionalText, parseInput, invalidInput } from '../../platform/input.ts';
import type { LastSeenBuffer } from '../../platform/postgres/last-seen-buffer.ts';
import { createSecret, hashOfSecret, isSecret } from '../../platform/security/secrets.ts';
import { auditEntry } from '../audit/model.ts';
import type { SignInLimits } from './sign-in-limits.ts';
import { scopes, type Session, type SessionIdentity, type Viewer } from './model.ts';
import type { Credentials, SessionQueries } from './queries.ts';

/** The prefix that distinguishes session tokens from other credentials. */
export const tokenPrefix = 'parley_session_';

const signInSchema = z.object({
  email: emailInput,
  password: z.string().max(1000, 'must have at most 1000 characters'),
  tenantId: optionalText(z.string()),
  tenantSlug: optionalText(z.string()),
  previousToken: z.string().max(200, 'must have at most 200 characters').nullish(),
});

const revokeSchema = z.object({ sessionId: z.string() });

const liftSchema = z.object({ userId: z.string() });

/** The client of a sign-in. */
export interface Device {
  readonly userAgent: string | null;
  readonly ipAddress: string | null;
  /** The tenant that the request names; null or absent for none. */
  readonly tenantSlug?: string | null;
}

/** A session that has just begun. The token exists here and at the client, nowhere else. */
export interface SignedIn {
  readonly token: string;
  readonly session: Session;
  readonly viewer: Viewer;
}

/** The service of sessions. */
export type SessionService = ReturnType<typeof createSessionService>;

/** The rules of signing in, of being signed in, and of signing out. */
export function createSessionService(options: {
  readonly queries: SessionQueries;
  readonly sessions: Cache<SessionIdentity>;
  readonly limits: SignInLimits;
  /** Takes as long where there is no hash, and is then false. */
  readonly isPassword: (password: string, passwordHash: string | null) => Promise<boolean>;
  /** Notes every session that a request is made with. */
  readonly seen: Pick<LastSeenBuffer, 'note'>;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  readonly clock: Clock;
  readonly ttlMs: number;
}) {
  const { queries, sessions, limits, isPassword, seen, waitForInvalidation, clock, ttlMs } = options;

  /** Begins a session without asking for a password; for people whose identity is known by other means. */
  async function begin(
    account: Pick<Credentials, 'userId' | 'isPlatformAdmin'>,
    membership: Chosen,
    device: Device,
  ): Promise<SignedIn> {
    const token = createSecret(tokenPrefix);
    const now = clock.now();
    const session = await queries.create(membership.tenantId, {
      ...device,
      id: createId(),
      userId: account.userId,
      tokenHash: Buffer.from(hashOfSecret(token), 'hex'),
      createdAt: new Date(now),
      expiresAt: new Date(now + ttlMs),
    });
    await waitForInvalidation();
    const { tenantId, role } = membership;
    const { userId, isPlatformAdmin } = account;
    return {
      token,
      session,
      viewer: { tenantId, userId, role, isPlatformAdmin, session, apiKeyId: null, scopes },
    };
  }

  function viewerOf(identity: SessionIdentity | null, tenantSlug: string | null): Viewer {
    if (identity?.isOwnerActive !== true)
      throw new Unauthenticated('This session is unknown or was revoked; sign in again.');
    if (new Date(identity.expiresAt).getTime() <= clock.now()) throw new TokenExpired();
    const membership = identity.memberships.find((candidate) =>
      tenantSlug === null ? candidate.tenantId === identity.tenantId : candidate.slug === tenantSlug,
    );
    if (membership === undefined) {
      throw new Unauthenticated('The owner of this session is not an active member of that tenant.');
    }
    seen.note(identity.tenantId, identity.sessionId);
    const { userId, isPlatformAdmin } = identity;
    const session = { tenantId: identity.tenantId, id: identity.sessionId };
    const { tenantId, role } = membership;
    return { tenantId, userId, role, isPlatformAdmin, session, apiKeyId: null, scopes };
  }

  /** Finds an earlier session of the account by its token; null if there is none. */
  async function knownSession(email: string, token: string, { ipAddress }: Device): Promise<string | null> {
    if (!isSecret(tokenPrefix, token) || !(await limits.countToken(ipAddress))) return null;
    const id = await queries.sessionOfAccount(email, Buffer.from(hashOfSecret(token), 'hex'));
    if (id !== null) await limits.acceptToken(ipAddress);
    return id;
  }

  return {
    begin,

    /**
     * @throws InvalidInput, with the same words and after the same time whether the account, the password or
     * the membership is missing; and when it was tried too often
     */
    async signIn(input: unknown, device: Device): Promise<SignedIn> {
      const { email, password, previousToken, ...wanted } = parseInput(signInSchema, input);
      const knownSessionId = await knownSession(email, previousToken ?? '', device);
      const attempt = { email, ipAddress: device.ipAddress, knownSessionId };
      await limits.count(attempt);
      const account = await queries.credentialsByEmail(email);
      const isRight = await isPassword(password, account?.passwordHash ?? null);
      const membership = account?.memberships.find((candidate) => isWanted(candidate, wanted, device));
      if (!isRight || account?.isActive !== true || membership === undefined) {
        throw invalidInput('UNAUTHENTICATED', 'Incorrect email address or password.');
      }
      await limits.succeed(attempt);
      return begin(account, membership, device);
    },

    /**
     * Lifts the limits of sign-in attempts for a member's account. Returns the member's user ID.
     * @throws NotFound
     * @throws InvalidInput after too many times
     */
    async liftSignInLimit(viewer: Viewer, input: unknown): Promise<string> {
      const { userId } = parseInput(liftSchema, input);
      const id = fromPublicId('user', userId);
      const member = id === null ? null : await queries.memberById(viewer, id);
      if (member === null || id === null) throw new NotFound('member', ['input', 'userId']);
      const note = { action: 'liftSignInLimit', target: userId };
      const entry = auditEntry(viewer, note, new Date(clock.now()));
      if (member.email !== null) await limits.countLift(member.email);
      await queries.recordAudit(entry);
      if (member.email !== null) await limits.lift(member.email);
      return id;
    },

    /**
     * Revokes the viewer's session; null if it was revoked before. @throws InvalidInput for other credentials
     */
    async signOut(viewer: Viewer): Promise<Session | null> {
      if (viewer.session === null) {
        throw invalidInput('FORBIDDEN', 'This request has no session to end.');
      }
      const { tenantId, id } = viewer.session;
      const ended = await queries.revoke(tenantId, id, new Date(clock.now()));
      await waitForInvalidation();
      return ended;
    },

    /**
     * Revokes a session of the viewer, or for admins of their tenant; a revoked session stays as it is.
     * @throws NotFound
     */
    async revoke(viewer: Viewer, input: unknown): Promise<Session> {
      const { sessionId } = parseInput(revokeSchema, input);
      const id = fromPublicId('session', sessionId);
      const note = { action: 'revokeSession', target: sessionId };
      const entry = auditEntry(viewer, note, new Date(clock.now()));
      const revoked = id === null ? null : await queries.revokeVisible(viewer, id, entry);
      if (revoked === null) throw new NotFound('session', ['input', 'sessionId']);
      await waitForInvalidation();
      return revoked;
    },

    /**
     * Returns the viewer behind a token, in its own tenant or the one named by `tenantSlug`.
     * @throws Unauthenticated when it is not, or no longer, a token of an active member there
     * @throws TokenExpired
     */
    viewerByToken(token: string, tenantSlug: string | null): MaybePromise<Viewer> {
      if (!isSecret(tokenPrefix, token))
        throw new Unauthenticated('This credential is not a Parley session token.');
      const hash = hashOfSecret(token);
      const identity = sessions.get(hash, () => queries.identityByTokenHash(hash));
      if (identity instanceof Promise) return identity.then((found) => viewerOf(found, tenantSlug));
      return viewerOf(identity, tenantSlug);
    },
  };
}

/** The tenant to sign in to. */
type Chosen = Pick<Credentials['memberships'][number], 'tenantId' | 'role'>;

/** Returns whether a tenant is the one that the input names, or, where it names none, the request. */
function isWanted(
  tenant: { readonly tenantId: string; readonly slug: string },
  wanted: { readonly tenantId?: string | null | undefined; readonly tenantSlug?: string | null | undefined },
  device: Device,
): boolean {
  const publicId = wanted.tenantId ?? null;
  const slug = wanted.tenantSlug ?? (publicId === null ? (device.tenantSlug ?? null) : null);
  if (publicId !== null && fromPublicId('tenant', publicId) !== tenant.tenantId) return false;
  return slug === null || slug === tenant.slug;
}
