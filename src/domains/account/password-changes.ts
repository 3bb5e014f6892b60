import { z } from 'zod';
import { emailInput } from '../../platform/email-address.ts';
import { invalidInput, parseInput } from '../../platform/input.ts';
import type { Viewer } from '../session/model.ts';
import { createOneTimeToken, tokenHashOf } from './model.ts';
import { hashOfChosen, invalidToken, type AccountOptions } from './options.ts';

const passwordInput = z.string().max(1000, 'must have at most 1000 characters');
const tokenInput = z.string().max(200, 'must have at most 200 characters');
const changeSchema = z.object({ currentPassword: passwordInput, newPassword: passwordInput });
const requestSchema = z.object({ email: emailInput });
const resetSchema = z.object({ token: tokenInput, newPassword: passwordInput });
const verifySchema = z.object({ token: tokenInput });

/** Creates the part of the service by which people change and reset passwords, and verify addresses. */
export function createPasswords(options: AccountOptions) {
  const { queries, limits, isPassword, mail, waitForInvalidation, clock } = options;

  async function sendReset(email: string): Promise<void> {
    const account = await queries.resettableAccount(email);
    if (account === null) return;
    const use = { purpose: 'RESET_PASSWORD', userId: account.id, invitation: null, isMailed: true } as const;
    const { token, stored } = createOneTimeToken({ ...use, email: account.email }, clock.now());
    await queries.addToken(stored);
    await mail.send('password-reset', account.email, { token });
  }

  return {
    /** @throws InvalidInput for a wrong password, too many attempts, and a new password that is refused */
    async changePassword(viewer: Viewer, input: unknown, ipAddress: string | null): Promise<void> {
      const { currentPassword, newPassword } = parseInput(changeSchema, input);
      if (viewer.session === null) throw invalidInput('FORBIDDEN', 'This requires a session; sign in first.');
      const account = await queries.passwordAccount(viewer.userId);
      const before = account?.passwordHash ?? null;
      if (account === null || before === null) {
        throw invalidInput('FORBIDDEN', 'This account has no password.');
      }
      const attempt = { email: account.email, ipAddress, knownSessionId: viewer.session.id };
      await limits.count(attempt);
      if (!(await isPassword(currentPassword, before))) throw wrongPassword();
      const rule = { field: 'newPassword', words: [account.email] };
      const after = await hashOfChosen(options, newPassword, rule);
      await limits.succeed(attempt);
      const now = new Date(clock.now());
      const isChanged = await queries.changePassword(account.id, { before, after }, viewer.session.id, now);
      if (!isChanged) throw wrongPassword();
      await waitForInvalidation();
    },

    /**
     * Sends a token to the address of an account, after the response, which is the same without an account.
     * @throws InvalidInput for a malformed address and after too many requests
     */
    async requestPasswordReset(input: unknown, ipAddress: string | null): Promise<void> {
      const { email } = parseInput(requestSchema, input);
      await limits.count({ email: `mail ${email}`, ipAddress, knownSessionId: null });
      mail.later(() => sendReset(email));
    },

    /** @throws InvalidInput for an invalid token and for a password that is refused */
    async resetPassword(input: unknown, ipAddress: string | null): Promise<void> {
      const { token, newPassword } = parseInput(resetSchema, input);
      const attempt = { email: `token ${token}`, ipAddress, knownSessionId: null };
      await limits.count(attempt);
      const hash = tokenHashOf(token);
      // Before the password is hashed, which takes long: a made-up token must not cost that much.
      const found = await queries.tokenByHash(hash, ['RESET_PASSWORD'], new Date(clock.now()));
      if (found === null) throw invalidToken();
      const rule = { field: 'newPassword', words: [found.email] };
      const passwordHash = await hashOfChosen(options, newPassword, rule);
      if (!(await queries.resetPassword(hash, passwordHash, new Date(clock.now())))) throw invalidToken();
      await limits.succeed(attempt);
      await waitForInvalidation();
    },

    /** @throws InvalidInput without an address, without a mail server, and after too many requests */
    async requestEmailVerification(viewer: Viewer, ipAddress: string | null): Promise<void> {
      const account = await queries.passwordAccount(viewer.userId);
      if (account === null) throw invalidInput('CONFLICT', 'This account has no email address.');
      if (!mail.isEnabled) throw noMail();
      const { id: userId, email } = account;
      await limits.count({ email: `mail ${email}`, ipAddress, knownSessionId: null });
      const use = { purpose: 'VERIFY_EMAIL', email, userId, invitation: null, isMailed: true } as const;
      const { token, stored } = createOneTimeToken(use, clock.now());
      await queries.addToken(stored);
      mail.later(() => mail.send('email-verification', email, { token }));
    },

    /** @throws InvalidInput for an invalid token */
    async verifyEmail(input: unknown, ipAddress: string | null): Promise<void> {
      const { token } = parseInput(verifySchema, input);
      const attempt = { email: `token ${token}`, ipAddress, knownSessionId: null };
      await limits.count(attempt);
      if (!(await queries.verifyEmail(tokenHashOf(token), new Date(clock.now())))) throw invalidToken();
      await limits.succeed(attempt);
      await waitForInvalidation();
    },
  };
}

/** The refusal of what needs mail. */
export function noMail() {
  return invalidInput('FORBIDDEN', 'This server sends no email; an admin can help.');
}

function wrongPassword() {
  return invalidInput('UNAUTHENTICATED', 'The current password is incorrect.', ['currentPassword']);
}
