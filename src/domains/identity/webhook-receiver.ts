import { timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Cache } from '../../caching/cache.ts';
import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { Unauthenticated } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import { rolesWith } from './claims.ts';
import { createMirror, type Mirror } from './mirror.ts';
import type { LinkPolicy, MirroredPerson } from './model.ts';
import type { IdentitySettings } from './provider.ts';
import type { IdentityQueries } from './queries.ts';
import { readEvent, type IdentityEvent } from './webhook-events.ts';

/** The signed headers of a webhook, as Svix names them; the standard's own names say the same. */
interface WebhookHeaders {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  /** Signatures, separated by spaces: during a secret rotation, both secrets sign. */
  readonly signature: string | undefined;
}

/** The settings of webhooks. */
export interface WebhookSettings extends LinkPolicy, Pick<IdentitySettings, 'roles' | 'areEmailsVerified'> {
  /** Null without webhooks. */
  readonly webhook: { readonly secret: string; readonly issuer: string } | null;
}

const toleranceMs = 5 * 60_000;

/**
 * Checks and applies an event and invalidates caches; false for an event without meaning here. A repeated or
 * late event does no harm, because the stored data have the time of the provider's clock.
 * @throws Unauthenticated unless the provider signed it within five minutes of now
 * @throws BadUserInput for what is no event
 */
type ReceiveWebhook = (headers: WebhookHeaders, body: Buffer) => Promise<boolean>;

/** Creates the receiver; null if no secret is configured. */
export function createWebhookReceiver(options: {
  readonly settings: WebhookSettings;
  readonly queries: IdentityQueries;
  readonly identities: Cache<MirroredPerson>;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  readonly clock: Clock;
  readonly logger: Logger;
}): ReceiveWebhook | null {
  const { settings, queries, identities, waitForInvalidation, clock, logger } = options;
  if (settings.webhook === null) return null;
  const { areEmailsVerified, isLinkingBySlug, isProvisioning, roles } = settings;
  const { issuer, secret } = settings.webhook;
  const policy = { roles: rolesWith(roles), areEmailsVerified };
  const linkPolicy = { isLinkingBySlug, isProvisioning };
  const mirror = createMirror(queries, logger);
  const webhook = new Webhook(secret);

  return async (headers, body) => {
    requireSignature(webhook, headers, body, clock.now());
    const event = readEvent(body, policy);
    if (event === null) return false;
    await apply(event, { queries, mirror, issuer, linkPolicy, now: new Date(clock.now()) });
    // By the key: an absence carries no tag of a person. Other processes with the same absence look again
    // when they see a token.
    if ('subject' in event) await identities.invalidate({ key: event.subject });
    await waitForInvalidation();
    return true;
  };
}

/** The library's own check reads the system's clock; its signature is all that is needed of it. */
function requireSignature(webhook: Webhook, headers: WebhookHeaders, body: Buffer, now: number): void {
  const { id, timestamp, signature } = headers;
  const isComplete = id !== undefined && signature !== undefined && /^\d{1,12}$/.test(timestamp ?? '');
  const signedAt = Number(timestamp) * 1000;
  if (!isComplete || Math.abs(now - signedAt) > toleranceMs)
    throw new Unauthenticated('The webhook signature is missing, invalid or expired.');
  const expected = Buffer.from(webhook.sign(id, new Date(signedAt), body));
  const isSigned = signature.split(' ').some((candidate) => isSame(Buffer.from(candidate), expected));
  if (!isSigned) throw new Unauthenticated('The webhook signature is missing, invalid or expired.');
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

interface Surroundings {
  readonly queries: IdentityQueries;
  readonly mirror: Mirror;
  readonly issuer: string;
  readonly linkPolicy: LinkPolicy;
  readonly now: Date;
}

async function apply(
  event: IdentityEvent,
  { queries, mirror, issuer, linkPolicy, now }: Surroundings,
): Promise<void> {
  switch (event.kind) {
    case 'userDeleted':
      return queries.deletePerson({ subject: event.subject, issuer, now });
    case 'organisationDeleted':
      return queries.removeMembers(event.organisationId, event.asOf ?? now);
    case 'userChanged':
      await mirror({ ...event, issuer, membership: null, now });
      return;
    default: {
      const isRemoval = event.kind === 'membershipDeleted';
      // The end of a membership is no reason to begin a tenant.
      const policy = isRemoval ? { isLinkingBySlug: false, isProvisioning: false } : linkPolicy;
      const { organisation, asOf } = event;
      const membership = { organisation, asOf: asOf ?? now, now, policy, isRemoval };
      await mirror({ ...event, issuer, membership, now });
    }
  }
}
