import { z } from 'zod';
import { emailInput } from '../../platform/email-address.ts';
import { isStorable } from '../../platform/text.ts';
import { BadUserInput } from '../../platform/errors.ts';
import { roleOf, timeFrom, type ClaimsPolicy } from './claims.ts';
import type { Organisation, ProviderProfile } from './model.ts';

/** An event that an identity provider sends. Times are by its clock; null if missing. */
export type IdentityEvent =
  | { readonly kind: 'userChanged'; readonly subject: string; readonly profile: ProviderProfile }
  | { readonly kind: 'userDeleted'; readonly subject: string }
  | MembershipEvent
  | { readonly kind: 'organisationDeleted'; readonly organisationId: string; readonly asOf: Date | null };

/** The start, change or end of a membership in an organisation. */
interface MembershipEvent {
  readonly kind: 'membershipChanged' | 'membershipDeleted';
  readonly subject: string;
  readonly profile: ProviderProfile;
  readonly organisation: Organisation;
  readonly asOf: Date | null;
}

/**
 * The event in a webhook's body, in the form of Clerk; null for events that mean nothing here.
 * @throws BadUserInput when it is no event, or one that lacks what it must say
 */
export function readEvent(body: Buffer, policy: ClaimsPolicy): IdentityEvent | null {
  const envelope = parse(envelopeSchema, jsonFrom(body));
  const sentAt = timeFrom(envelope.timestamp);
  switch (envelope.type) {
    case 'user.created':
    case 'user.updated':
      return userChanged(parse(userSchema, envelope.data), policy);
    case 'user.deleted':
      return { kind: 'userDeleted', subject: parse(deletedSchema, envelope.data).id };
    case 'organizationMembership.created':
    case 'organizationMembership.updated':
      return membershipEvent('membershipChanged', parse(membershipSchema, envelope.data), null, policy);
    case 'organizationMembership.deleted':
      return membershipEvent('membershipDeleted', parse(membershipSchema, envelope.data), sentAt, policy);
    case 'organization.deleted':
      return {
        kind: 'organisationDeleted',
        organisationId: parse(deletedSchema, envelope.data).id,
        asOf: sentAt,
      };
    default:
      return null;
  }
}

const id = z
  .string()
  .min(1)
  .max(255)
  .refine((text) => isStorable(text) && !/^(?:import|slug):/.test(text));
const name = z.string().trim().max(100).refine(isStorable).nullish().catch(undefined);
const time = z.number();

const envelopeSchema = z.object({ type: z.string(), data: z.unknown(), timestamp: time.optional() });
const deletedSchema = z.object({ id });
const userSchema = z.object({
  id,
  first_name: name,
  last_name: name,
  primary_email_address_id: z.string().nullish(),
  email_addresses: z
    .array(
      z.object({
        id: z.string().nullish(),
        email_address: z.string(),
        verification: z.object({ status: z.string().nullish() }).nullish(),
      }),
    )
    .default([]),
  updated_at: time,
});
const membershipSchema = z.object({
  role: id.nullish(),
  organization: z.object({ id, slug: id.nullish() }),
  public_user_data: z.object({ user_id: id, first_name: name, last_name: name }),
  updated_at: time.optional(),
});

function jsonFrom(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new BadUserInput('The body is not valid JSON.');
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map(({ path }) => path.join('.') || 'the event');
  throw new BadUserInput(`Invalid identity provider event; check ${[...new Set(paths)].join(', ')}.`);
}

function userChanged(user: z.output<typeof userSchema>, policy: ClaimsPolicy): IdentityEvent {
  const primary = user.email_addresses.find((address) => address.id === user.primary_email_address_id);
  const status = primary?.verification?.status;
  const isVerified = status === 'verified' || (status === undefined && policy.areEmailsVerified);
  const email = emailInput.safeParse(isVerified ? primary?.email_address : undefined);
  return {
    kind: 'userChanged',
    subject: user.id,
    profile: {
      email: email.data,
      firstName: clearable(user.first_name),
      lastName: clearable(user.last_name),
      updatedAt: timeFrom(user.updated_at),
    },
  };
}

/** An empty name is one that was taken back. */
function clearable(text: string | null | undefined): string | null | undefined {
  return text === '' ? null : text;
}

function membershipEvent(
  kind: 'membershipChanged' | 'membershipDeleted',
  { organization, public_user_data: user, role, updated_at: updatedAt }: z.output<typeof membershipSchema>,
  sentAt: Date | null,
  policy: ClaimsPolicy,
): IdentityEvent {
  return {
    kind,
    subject: user.user_id,
    // Without a time of its own: it fills in what is missing, and overrules nothing.
    profile: {
      email: undefined,
      firstName: clearable(user.first_name) ?? undefined,
      lastName: clearable(user.last_name) ?? undefined,
      updatedAt: null,
    },
    organisation: { id: organization.id, slug: organization.slug ?? null, role: roleOf(role, policy) },
    asOf: kind === 'membershipDeleted' ? sentAt : timeFrom(updatedAt),
  };
}
