import { z } from 'zod';
import { emailInput } from '../../platform/email-address.ts';
import { createId } from '../../platform/ids.ts';
import { invalidInput, optionalText, parseInput, textInput } from '../../platform/input.ts';
import { slugPattern } from '../tenant/model.ts';
import {
  createOneTimeToken,
  tokenHashOf,
  TokenRejected,
  type NewMembership,
  type OneTimeToken,
} from './model.ts';
import { hashOfChosen, invalidToken, type AccountOptions } from './options.ts';
import { noMail } from './password-changes.ts';
import type { OwnTenant } from './queries.ts';

const personName = optionalText(textInput({ min: 1, max: 100 }));
const requestSchema = z.object({ email: emailInput });
const signUpSchema = z.object({
  token: z.string().max(200, 'must have at most 200 characters'),
  password: z.string().max(1000, 'must have at most 1000 characters'),
  firstName: personName,
  lastName: personName,
  tenantSlug: optionalText(
    textInput({ min: 1, max: 100 }).refine(
      (slug) => slugPattern.test(slug),
      'must begin with a letter or digit, and consist of letters, digits, `.`, `_` and `-`',
    ),
  ),
  tenantName: optionalText(textInput({ min: 1, max: 200 })),
});

/** An account that has just been created, with its membership. */
export interface SignedUp {
  readonly account: { readonly userId: string; readonly isPlatformAdmin: boolean };
  readonly membership: NewMembership;
}

/** Creates the part of the service by which people create accounts, always with a token for their address. */
export function createSignUp(options: AccountOptions) {
  const { queries, limits, mail, currentSettings, isOwnTenantAllowed, waitForInvalidation, clock } = options;

  async function requireEnabled(): Promise<void> {
    const { signUpEnabled } = await currentSettings();
    if (!signUpEnabled) throw invalidInput('FORBIDDEN', 'Signing up is not enabled.');
  }

  async function sendToken(email: string): Promise<void> {
    if (await queries.isAddressTaken(email)) {
      await mail.send('existing-account', email, {});
      return;
    }
    const use = { purpose: 'SIGN_UP', email, userId: null, invitation: null, isMailed: true } as const;
    const { token, stored } = createOneTimeToken(use, clock.now());
    await queries.addToken(stored);
    await mail.send('sign-up', email, { token });
  }

  return {
    /**
     * Sends a token to an address, after the response, which is the same if the address has an account.
     * @throws InvalidInput for a malformed address, after too many requests, and where signing up is off
     */
    async requestSignUp(input: unknown, ipAddress: string | null): Promise<void> {
      const { email } = parseInput(requestSchema, input);
      await requireEnabled();
      if (!isOwnTenantAllowed) throw invalidInput('FORBIDDEN', 'Signing up requires an invitation.');
      if (!mail.isEnabled) throw noMail();
      await limits.count({ email: `mail ${email}`, ipAddress, knownSessionId: null });
      mail.later(() => sendToken(email));
    },

    /**
     * @throws InvalidInput for an invalid token, a refused password, a taken slug, and where signing up is
     * off
     */
    async signUp(input: unknown, ipAddress: string | null): Promise<SignedUp> {
      const {
        token,
        password,
        firstName = null,
        lastName = null,
        ...place
      } = parseInput(signUpSchema, input);
      await requireEnabled();
      const attempt = { email: `token ${token}`, ipAddress, knownSessionId: null };
      await limits.count(attempt);
      const hash = tokenHashOf(token);
      const now = new Date(clock.now());
      const found = await queries.tokenByHash(hash, ['SIGN_UP', 'ACCEPT_INVITATION'], now);
      if (found === null) throw invalidToken();
      const own = ownTenantOf(found, place, isOwnTenantAllowed);
      const passwordHash = await hashOfChosen(options, password, { field: 'password', words: [found.email] });
      const id = createId();
      const person = { id, firstName, lastName, passwordHash, isPlatformAdmin: false, createdAt: now };
      const membership = await queries.signUp(hash, person, own).catch(refuseRejected);
      await limits.succeed(attempt);
      await waitForInvalidation();
      return { account: { userId: id, isPlatformAdmin: false }, membership };
    },
  };
}

function ownTenantOf(
  { purpose }: OneTimeToken,
  place: { readonly tenantSlug?: string | null | undefined; readonly tenantName?: string | null | undefined },
  isOwnTenantAllowed: boolean,
): OwnTenant | null {
  if (purpose === 'ACCEPT_INVITATION') return null;
  if (!isOwnTenantAllowed) throw invalidToken();
  const slug = place.tenantSlug ?? null;
  if (slug === null) throw invalidInput('BAD_USER_INPUT', '`tenantSlug` must not be empty.', ['tenantSlug']);
  return { id: createId(), slug, name: place.tenantName ?? slug };
}

function refuseRejected(error: unknown): never {
  if (!(error instanceof TokenRejected)) throw error;
  if (error.reason === 'slugTaken') throw taken('This slug is taken.', 'tenantSlug');
  if (error.reason === 'addressTaken') {
    throw taken('This address has an account; sign in instead.', 'token');
  }
  throw invalidToken();
}

function taken(message: string, field: string) {
  return invalidInput('CONFLICT', message, [field], { reason: 'TAKEN' });
}
