import { z } from 'zod';
import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { NotFound } from '../../platform/errors.ts';
import { emailInput } from '../../platform/email-address.ts';
import { createId, fromPublicId, toPublicId } from '../../platform/ids.ts';
import { invalidInput, optionalText, parseInput, textInput } from '../../platform/input.ts';
import { Role } from '../../platform/postgres/generated/enums.ts';
import type { PasswordPolicy } from '../../platform/security/password-policy.ts';
import { createOneTimeToken } from '../account/model.ts';
import { auditEntry } from '../audit/model.ts';
import type { Viewer } from '../session/model.ts';
import type { Tenant } from '../tenant/model.ts';
import type { Account } from './model.ts';
import type { AdministrationQueries } from './queries.ts';

const personName = optionalText(textInput({ min: 1, max: 100 }));
const passwordInput = z.string().nullish();

const createUserSchema = z.object({
  email: emailInput,
  firstName: personName,
  lastName: personName,
  tenantId: z.string(),
  role: z.enum(Role),
  password: passwordInput,
  isPlatformAdmin: z.boolean().nullish(),
});
const setPasswordSchema = z.object({ userId: z.string(), password: passwordInput });
const setActiveSchema = z.object({ userId: z.string(), isActive: z.boolean() });

/** An account with the token by which its person chooses a password; null if it has a password. */
export interface AccountWithToken {
  readonly account: Account;
  readonly token: string | null;
}

/** The dependencies of the administration of accounts. */
export interface AdministrationOptions {
  readonly queries: AdministrationQueries;
  readonly hashPassword: (password: string) => Promise<string>;
  readonly passwordPolicy: PasswordPolicy;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  readonly clock: Clock;
}

/** Creates the part of the service that administers accounts. */
export function createAccountAdministration(options: AdministrationOptions) {
  const { queries, hashPassword, passwordPolicy, waitForInvalidation, clock } = options;

  async function hashOfChosen(password: string, words: readonly string[]): Promise<string> {
    const refusal = await passwordPolicy.refusalOf(password, words);
    if (refusal !== null) throw invalidInput('BAD_USER_INPUT', `\`password\` ${refusal}.`, ['password']);
    return hashPassword(password);
  }

  async function accountOf(userId: string): Promise<Account> {
    const id = fromPublicId('user', userId);
    const account = id === null ? null : await queries.accountById(id);
    if (account === null) throw new NotFound('user', ['input', 'userId']);
    return account;
  }

  return {
    /** @throws NotFound without the tenant; InvalidInput for invalid input and for a taken address */
    async createUser(actor: Viewer | null, input: unknown): Promise<AccountWithToken> {
      const { tenantId, role, password, ...person } = parseInput(createUserSchema, input);
      const { email, firstName = null, lastName = null } = person;
      const tenant = fromPublicId('tenant', tenantId);
      if (tenant === null) throw new NotFound('tenant', ['input', 'tenantId']);
      const hasPassword = typeof password === 'string';
      const passwordHash = hasPassword ? await hashOfChosen(password, [email]) : null;
      const [id, now] = [createId(), clock.now()];
      const made = hasPassword ? null : passwordToken({ id, email }, now);
      const isPlatformAdmin = person.isPlatformAdmin === true;
      const account = {
        id,
        email,
        firstName,
        lastName,
        passwordHash,
        isPlatformAdmin,
        emailVerifiedAt: new Date(now),
      };
      const note = {
        action: 'createUser',
        target: toPublicId('user', id),
        details: { tenantId, role, isPlatformAdmin },
      };
      const outcome = await queries.createAccount(
        { ...account, createdAt: new Date(now) },
        { tenantId: tenant, role },
        made?.stored ?? null,
        auditEntry(actor, note, new Date(now)),
      );
      if (outcome === 'noTenant') throw new NotFound('tenant', ['input', 'tenantId']);
      if (outcome === 'isTaken')
        throw invalidInput('CONFLICT', 'This email address has an account.', ['email'], { reason: 'TAKEN' });
      await waitForInvalidation();
      return { account: await accountOf(toPublicId('user', id)), token: made?.token ?? null };
    },

    /** Makes an account an active admin of the platform and an owner of a tenant. */
    async promote(actor: Viewer | null, account: Account, tenant: Tenant): Promise<void> {
      const note = {
        action: 'promoteUser',
        target: toPublicId('user', account.id),
        details: { tenant: tenant.slug },
      };
      await queries.promote(account.id, tenant.id, auditEntry(actor, note, new Date(clock.now())));
      await waitForInvalidation();
    },

    /**
     * Sets a password and ends all sessions of the account, or creates a token with which to choose one.
     * @throws NotFound, InvalidInput
     */
    async setPassword(actor: Viewer | null, input: unknown): Promise<AccountWithToken> {
      const { userId, password } = parseInput(setPasswordSchema, input);
      const account = await accountOf(userId);
      const { email } = account;
      if (email === null) {
        throw invalidInput('CONFLICT', 'An account without an email address cannot sign in.', ['userId']);
      }
      const hasPassword = typeof password === 'string';
      const now = clock.now();
      const note = { action: 'setUserPassword', target: userId, details: { isToken: !hasPassword } };
      const entry = auditEntry(actor, note, new Date(now));
      if (hasPassword) {
        await queries.setPassword(account.id, await hashOfChosen(password, [email]), entry);
        await waitForInvalidation();
        return { account: { ...account, hasPassword: true }, token: null };
      }
      const { token, stored } = passwordToken({ id: account.id, email }, now);
      await queries.addToken(stored, entry);
      return { account, token };
    },

    /** @throws NotFound; InvalidInput for the actor's own account and the last platform admin */
    async setActive(actor: Viewer | null, input: unknown): Promise<Account> {
      const { userId, isActive } = parseInput(setActiveSchema, input);
      const account = await accountOf(userId);
      if (account.id === actor?.userId) {
        throw invalidInput('CONFLICT', 'An admin cannot disable their own account.', ['userId']);
      }
      const note = { action: 'setUserActive', target: userId, details: { isActive } };
      const isChanged = await queries.setActive(
        account.id,
        isActive,
        auditEntry(actor, note, new Date(clock.now())),
      );
      if (!isChanged) {
        throw invalidInput('CONFLICT', 'The platform needs an active admin; appoint another one first.', [
          'userId',
        ]);
      }
      await waitForInvalidation();
      return { ...account, isActive };
    },
  };
}

function passwordToken({ id, email }: { readonly id: string; readonly email: string }, now: number) {
  const use = { purpose: 'RESET_PASSWORD', email, userId: id, invitation: null, isMailed: false } as const;
  return createOneTimeToken(use, now);
}
