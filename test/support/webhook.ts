import { Webhook } from 'standardwebhooks';
import { createId } from '../../src/platform/ids.ts';
import type { TestApp } from './test-app.ts';

export const webhookSecret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;

/** The ways in which a webhook may be invalid or unusual. */
interface WebhookOptions {
  readonly secret?: string;
  /** Milliseconds since the epoch. */
  readonly signedAt?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly id?: string;
}

/** Sends a webhook as the identity provider does; answers the status and the body. */
export async function sendWebhook(
  { server, clock }: TestApp,
  event: unknown,
  {
    secret = webhookSecret,
    signedAt = clock.now(),
    headers = {},
    id = `msg_${createId()}`,
  }: WebhookOptions = {},
): Promise<{ status: number; body: { status?: string; errors?: { extensions: { code: string } }[] } }> {
  const payload = typeof event === 'string' ? event : JSON.stringify(event);
  const response = await server.inject({
    method: 'POST',
    url: '/webhooks/identity',
    headers: {
      'content-type': 'application/json',
      'svix-id': id,
      'svix-timestamp': `${Math.floor(signedAt / 1000)}`,
      'svix-signature': new Webhook(secret).sign(id, new Date(signedAt), payload),
      ...headers,
    },
    payload,
  });
  return { status: response.statusCode, body: response.json() };
}

/** An event of Clerk about a user. */
export function userEvent(
  type: 'user.created' | 'user.updated',
  user: {
    readonly id: string;
    readonly email?: string;
    readonly status?: string;
    readonly firstName?: string | null;
    readonly at: number;
  },
) {
  return {
    object: 'event',
    type,
    timestamp: user.at,
    data: {
      object: 'user',
      id: user.id,
      first_name: user.firstName ?? null,
      last_name: null,
      primary_email_address_id: 'idn_1',
      email_addresses:
        user.email === undefined
          ? []
          : [{ id: 'idn_1', email_address: user.email, verification: { status: user.status ?? 'verified' } }],
      updated_at: user.at,
    },
  };
}

/** An event of Clerk about a membership. */
export function membershipEvent(
  type: `organizationMembership.${'created' | 'updated' | 'deleted'}`,
  membership: {
    readonly userId: string;
    readonly organisationId: string;
    readonly role?: string;
    readonly at: number;
  },
) {
  return {
    object: 'event',
    type,
    timestamp: membership.at,
    data: {
      object: 'organization_membership',
      role: membership.role ?? 'org:member',
      organization: {
        id: membership.organisationId,
        slug: `slug-of-${membership.organisationId}`,
        name: 'Organisation',
      },
      public_user_data: {
        user_id: membership.userId,
        first_name: 'Public',
        last_name: null,
        identifier: 'x@example.org',
      },
      updated_at: membership.at,
    },
  };
}
