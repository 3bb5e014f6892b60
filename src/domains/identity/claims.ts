import { z } from 'zod';
import { emailInput } from '../../platform/email-address.ts';
import { isStorable } from '../../platform/text.ts';
import type { Role } from '../tenant/model.ts';
import type { Organisation, ProviderClaims } from './model.ts';

/** The rules for interpreting a provider's claims. */
export interface ClaimsPolicy {
  /** Our role for each of the provider's, which are written without their prefix `org:`. */
  readonly roles: ReadonlyMap<string, Role>;
  /** True if an address without a statement of the provider counts as verified. */
  readonly areEmailsVerified: boolean;
}

/** The tolerated clock skew between provider and server, in seconds. */
export const clockToleranceSeconds = 5;

/**
 * Translates the payload of a token whose signature, issuer, audience and times were checked; null if a claim
 * that decides access is malformed. Other malformed claims count as absent.
 */
export function readClaims(payload: unknown, policy: ClaimsPolicy): ProviderClaims | null {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) return null;
  const claims = parsed.data;
  // Clerk's word for a session whose owner has still to do something, such as choosing an organisation.
  if (claims.sts === 'pending') return null;
  return {
    subject: claims.sub,
    profile: {
      email: verifiedEmail(claims, policy),
      firstName: claims.given_name ?? claims.first_name,
      lastName: claims.family_name ?? claims.last_name,
      updatedAt: timeFrom(claims.updated_at),
    },
    organisation: organisationFrom(claims, policy),
    // Without `iat` a token counts as old, so that it overrules nothing.
    issuedAt: new Date((claims.iat ?? 0) * 1000),
    acceptedUntil: new Date((claims.exp + clockToleranceSeconds) * 1000),
  };
}

/** Clerk's own roles, the former name of one included, and those that were configured. */
export function rolesWith(further: readonly (readonly [string, Role])[]): ReadonlyMap<string, Role> {
  return new Map([
    ['admin', 'ADMIN'],
    ['member', 'MEMBER'],
    ['basic_member', 'MEMBER'],
    ...further.map(([providerRole, role]) => [withoutPrefix(providerRole), role] as const),
  ]);
}

/** The role here for a role of the provider: GUEST if unknown, MEMBER without any. */
export function roleOf(providerRole: string | null | undefined, { roles }: ClaimsPolicy): Role {
  if (providerRole === null || providerRole === undefined) return 'MEMBER';
  return roles.get(withoutPrefix(providerRole)) ?? 'GUEST';
}

/** Clerk writes `org:admin` in some of its claims and `admin` in others. */
function withoutPrefix(providerRole: string): string {
  return providerRole.replace(/^org:/, '');
}

/**
 * A time of the provider's: OpenID Connect Core (section 5.1) counts seconds, Clerk milliseconds. A
 * number beyond the year 5138 in seconds counts as milliseconds.
 */
export function timeFrom(time: number | string | null | undefined): Date | null {
  const value = typeof time === 'string' && /^\d+(\.\d+)?$/.test(time) ? Number(time) : time;
  if (value === null || value === undefined) return null;
  const date = new Date(typeof value === 'number' && value < 100_000_000_000 ? value * 1000 : value);
  return date.getTime() >= 0 && date.getTime() < endOfTime ? date : null;
}

/** The year 10000, which RFC 3339 has no digits for. */
const endOfTime = 253_402_300_800_000;
const secondsMax = endOfTime / 1000 - 60;
const idText = z.string().min(1).max(255).refine(isStorable);
/** A template that has nothing to fill in leaves null, or nothing between the quotes. */
const empty = z.literal('').transform(() => null);
const absentable = empty.or(idText).nullish();
/** The prefix would make the id of one organisation the slug of another. */
const organisationId = idText.refine((id) => !id.startsWith('slug:'));
const nameText = z.string().trim().min(1).max(100).refine(isStorable).optional().catch(undefined);

const claimsSchema = z.object({
  // Authors of an import are known by such a name, and no provider's business.
  sub: idText.refine((subject) => !subject.startsWith('import:')),
  exp: z.number().max(secondsMax),
  iat: z.number().min(0).max(secondsMax).optional(),
  sts: z.string().optional(),
  email: emailInput.optional().catch(undefined),
  email_verified: z
    .union([z.boolean(), z.enum(['true', 'false'])])
    .optional()
    .catch(undefined),
  given_name: nameText,
  first_name: nameText,
  family_name: nameText,
  last_name: nameText,
  updated_at: z.union([z.number(), z.string()]).optional().catch(undefined),
  org_id: empty.or(organisationId).nullish(),
  org_slug: absentable,
  org_role: absentable,
  o: z.object({ id: organisationId, slg: absentable, rol: absentable }).nullish(),
});

type Claims = z.output<typeof claimsSchema>;

/** An address that any user can claim must not lead to an account, nor keep its owner from having one. */
function verifiedEmail(claims: Claims, policy: ClaimsPolicy): string | undefined {
  const isVerified =
    claims.email_verified === undefined
      ? policy.areEmailsVerified
      : [true, 'true'].includes(claims.email_verified);
  return isVerified ? claims.email : undefined;
}

function organisationFrom(claims: Claims, policy: ClaimsPolicy): Organisation | null {
  const { o } = claims;
  if (o !== null && o !== undefined) return { id: o.id, slug: o.slg ?? null, role: roleOf(o.rol, policy) };
  const slug = claims.org_slug ?? null;
  const id = claims.org_id ?? (slug === null ? null : `slug:${slug}`);
  return id === null ? null : { id, slug, role: roleOf(claims.org_role, policy) };
}
