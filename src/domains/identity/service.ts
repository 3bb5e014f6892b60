import { handleMaybePromise, type MaybePromise } from '@whatwg-node/promise-helpers';
import type { Cache } from '../../caching/cache.ts';
import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { Refusal, Unauthenticated } from '../../platform/errors.ts';
import { invalidInput } from '../../platform/input.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import { scopes, type Viewer } from '../session/model.ts';
import { createMirror } from './mirror.ts';
import type {
  IdentitySyncStatistics,
  LinkPolicy,
  MirroredMembership,
  MirroredPerson,
  Organisation,
  ProviderClaims,
} from './model.ts';
import { AddressTaken, type IdentityQueries, type Mirrored } from './queries.ts';
import type { VerifyToken } from './token-verifier.ts';
import { createUnknownOrganisations, type UnknownOrganisations } from './unknown-organisations.ts';

/** The time after which the mirror is written again, even without changes at the provider. */
const syncEveryMs = 60 * 60_000;
/** The time after a failed write in which known people do not wait for the next one. */
const pauseAfterFailureMs = 5000;

/** The configured identity provider. */
export interface IdentityProvider {
  readonly issuer: string;
  readonly verifyToken: VerifyToken;
  readonly linkPolicy: LinkPolicy;
}

/** The service of the identity provider's users. */
export type IdentityService = ReturnType<typeof createIdentityService>;

/** The rules of being known by an identity provider's token, and of keeping its word in our tables. */
export function createIdentityService(options: {
  /** Null without an identity provider: no token is accepted. */
  readonly provider: IdentityProvider | null;
  readonly queries: IdentityQueries;
  /** Cached people, by the provider's id. */
  readonly identities: Cache<MirroredPerson>;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  readonly clock: Clock;
  readonly logger: Logger;
}) {
  const { provider, queries, identities, waitForInvalidation, clock, logger } = options;
  const mirror = createMirror(queries, logger);
  const counts = { attempted: 0, performed: 0, skipped: 0, created: 0, failed: 0, staleServed: 0 };
  const underWay = new Map<string, Promise<void>>();
  const unknown = createUnknownOrganisations(clock);
  let pausedUntil = 0;

  const find = (subject: string) => identities.get(subject, () => queries.personBySubject(subject));

  function currentPerson(
    issuedBy: IdentityProvider,
    claims: ProviderClaims,
  ): MaybePromise<MirroredPerson | null> {
    counts.attempted += 1;
    return handleMaybePromise(
      () => find(claims.subject),
      (person) => {
        if (person === null || isDue(person, claims, { now: clock.now(), unknown })) {
          return updatedPerson(person, issuedBy, claims);
        }
        counts.skipped += 1;
        return person;
      },
    );
  }

  async function updatedPerson(
    person: MirroredPerson | null,
    issuedBy: IdentityProvider,
    claims: ProviderClaims,
  ): Promise<MirroredPerson | null> {
    if (person !== null && clock.now() < pausedUntil) return serveStale(person);
    try {
      await syncOnce(issuedBy, claims);
    } catch (error) {
      if (person === null || !isOutage(error)) throw error;
      return serveStale(person);
    }
    return find(claims.subject);
  }

  /** Answers with a recently known person, whose removal was not announced since. */
  function serveStale(person: MirroredPerson): MirroredPerson {
    counts.staleServed += 1;
    return person;
  }

  /** Lets concurrent requests with the same news wait for one write. */
  function syncOnce(issuedBy: IdentityProvider, claims: ProviderClaims): Promise<void> {
    const { subject, organisation, profile } = claims;
    const news = JSON.stringify([subject, organisation, profile.updatedAt]);
    const running = underWay.get(news);
    if (running !== undefined) return running;
    const started = sync(issuedBy, claims).finally(() => underWay.delete(news));
    underWay.set(news, started);
    return started;
  }

  async function sync(issuedBy: IdentityProvider, claims: ProviderClaims): Promise<void> {
    try {
      const { isCreated, tenantId } = await mirrorClaims(issuedBy, claims);
      if (claims.organisation !== null && tenantId === null) noteUnknown(claims.organisation);
      counts.performed += 1;
      if (isCreated) counts.created += 1;
      // By the key: an absence carries no tag of a person. Other processes with the same absence look again
      // when they see the token.
      await identities.invalidate({ key: claims.subject });
      await waitForInvalidation();
    } catch (error) {
      if (error instanceof AddressTaken) {
        throw new Unauthenticated('The email address of this token belongs to another account.');
      }
      counts.failed += 1;
      if (isOutage(error)) pausedUntil = clock.now() + pauseAfterFailureMs;
      logger.warn({ err: error }, 'identity sync failed');
      throw error;
    }
  }

  function mirrorClaims(
    { issuer, linkPolicy: policy }: IdentityProvider,
    { subject, profile, organisation, issuedAt: asOf }: ProviderClaims,
  ): Promise<Mirrored> {
    const now = new Date(clock.now());
    const membership = organisation === null ? null : { organisation, asOf, now, policy, isRemoval: false };
    return mirror({ issuer, subject, profile, membership, now });
  }

  function noteUnknown(organisation: Organisation): void {
    unknown.note(organisation);
    const { id, slug } = organisation;
    logger.info({ organisation: id, slug }, 'organisation rejected: it is linked to no tenant');
  }

  return {
    /**
     * Returns the viewer behind a token: in the tenant named by `tenantSlug`, else in the tenant of its
     * organisation, else in the tenant that was joined first.
     * @throws Unauthenticated for a token that is not accepted, and for people who are not active there
     * @throws TokenExpired
     * @throws Unavailable when neither the database nor a cache can tell
     */
    viewerByToken(token: string, tenantSlug: string | null): MaybePromise<Viewer> {
      if (provider === null) throw new Unauthenticated('No identity provider is configured.');
      return handleMaybePromise(
        () => provider.verifyToken(token),
        (claims) =>
          handleMaybePromise(
            () => currentPerson(provider, claims),
            (person) => viewerFrom(person, claims, tenantSlug),
          ),
      );
    },

    /**
     * Rejects this token and all others that the provider has issued to the person so far.
     * @throws InvalidInput for other credentials
     */
    async signOut({ userId, tokenIssuedAt }: Viewer): Promise<void> {
      if (tokenIssuedAt === undefined) throw invalidInput('FORBIDDEN', 'This request has no token to end.');
      // The provider's clock may be ahead of this one.
      const until = Math.max(clock.now(), tokenIssuedAt.getTime());
      await queries.rejectTokensUntil(userId, new Date(until));
      await waitForInvalidation();
    },

    statistics(): IdentitySyncStatistics {
      // What the cache knew last while the database could not be read counts like what could not be written.
      return { ...counts, staleServed: counts.staleServed + identities.statistics().staleServed };
    },
  };
}

/** Returns whether the token may contain changes; in doubt, true. */
function isDue(
  person: MirroredPerson,
  claims: ProviderClaims,
  { now, unknown }: { readonly now: number; readonly unknown: UnknownOrganisations },
): boolean {
  // No claim of a token restores a deactivated person.
  if (!person.isActive) return false;
  if (person.syncedAt === null || Math.abs(now - person.syncedAt.getTime()) >= syncEveryMs) return true;
  if (isUpdated(person, claims)) return true;
  // There is nothing that they could become a member of, and they may be here for another tenant of theirs.
  if (claims.organisation !== null && unknown.includes(claims.organisation)) return false;
  return hasMembershipNews(person, claims);
}

function isUpdated(
  { providerUpdatedAt }: MirroredPerson,
  { profile: { updatedAt } }: ProviderClaims,
): boolean {
  if (updatedAt === null) return false;
  return providerUpdatedAt === null || updatedAt.getTime() > providerUpdatedAt.getTime();
}

function hasMembershipNews(
  { memberships }: MirroredPerson,
  { organisation, issuedAt }: ProviderClaims,
): boolean {
  if (organisation === null) return false;
  const membership = memberships.find(({ organisationId }) => organisationId === organisation.id);
  if (membership === undefined) return true;
  const isNewer = membership.providerAsOf === null || issuedAt.getTime() > membership.providerAsOf;
  return isNewer && (membership.providerRole !== organisation.role || membership.removedAt !== null);
}

function viewerFrom(
  person: MirroredPerson | null,
  claims: ProviderClaims,
  tenantSlug: string | null,
): Viewer {
  if (person === null) throw new Unauthenticated('The owner of this token is not a member of any tenant.');
  if (!person.isActive) throw new Unauthenticated('The owner of this token was deactivated.');
  const { tokensNotBefore } = person;
  if (tokensNotBefore !== null && claims.issuedAt.getTime() <= tokensNotBefore.getTime()) {
    throw new Unauthenticated('The owner of this token has signed out; sign in again.');
  }
  const membership = chooseMembership(person.memberships, claims, tenantSlug);
  if (membership?.isActive !== true) {
    throw new Unauthenticated('The owner of this token is not an active member of that tenant.');
  }
  const { userId, isPlatformAdmin } = person;
  const { tenantId, role } = membership;
  const tokenIssuedAt = claims.issuedAt;
  return { tenantId, userId, role, isPlatformAdmin, session: null, apiKeyId: null, tokenIssuedAt, scopes };
}

function chooseMembership(
  memberships: readonly MirroredMembership[],
  { organisation }: ProviderClaims,
  tenantSlug: string | null,
): MirroredMembership | undefined {
  if (tenantSlug !== null) return memberships.find(({ slug }) => slug === tenantSlug);
  if (organisation !== null) {
    return memberships.find(({ organisationId }) => organisationId === organisation.id);
  }
  return memberships.find(({ isActive }) => isActive);
}

function isOutage(error: unknown): boolean {
  return error instanceof Refusal && (error.code === 'UNAVAILABLE' || error.code === 'TIMEOUT');
}
