import { createInvitations } from './invitations.ts';
import type { AccountOptions } from './options.ts';
import { createPasswords } from './password-changes.ts';
import { createSignUp } from './sign-up.ts';

/** The service of accounts. */
export type AccountService = ReturnType<typeof createAccountService>;

/** Creates the service by which people get in: invitations, signing up, passwords and verified addresses. */
export function createAccountService(options: AccountOptions) {
  return { ...createInvitations(options), ...createPasswords(options), ...createSignUp(options) };
}
