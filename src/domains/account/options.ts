import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { invalidInput } from '../../platform/input.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { PasswordPolicy } from '../../platform/security/password-policy.ts';
import type { Settings } from '../setting/model.ts';
import type { Mail } from './mail.ts';
import type { AccountQueries } from './queries.ts';

/** An attempt that counts against the limits of sign-ins. */
interface Attempt {
  readonly email: string;
  readonly ipAddress: string | null;
  readonly knownSessionId: string | null;
}

/** The dependencies of the service of accounts. */
export interface AccountOptions {
  readonly queries: AccountQueries;
  readonly limits: {
    /** @throws InvalidInput */
    count(attempt: Attempt): Promise<void>;
    succeed(attempt: Attempt): Promise<void>;
  };
  /** Takes as long where there is no hash, and is then false. */
  readonly isPassword: (password: string, passwordHash: string | null) => Promise<boolean>;
  readonly hashPassword: (password: string) => Promise<string>;
  readonly passwordPolicy: PasswordPolicy;
  readonly mail: Mail;
  readonly currentSettings: () => Promise<Settings>;
  /** True if people may sign up with tenants of their own. */
  readonly isOwnTenantAllowed: boolean;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Returns the hash of a chosen password.
 * @throws InvalidInput for a password that is refused
 */
export async function hashOfChosen(
  { passwordPolicy, hashPassword }: Pick<AccountOptions, 'passwordPolicy' | 'hashPassword'>,
  password: string,
  { field, words }: { readonly field: string; readonly words: readonly string[] },
): Promise<string> {
  const refusal = await passwordPolicy.refusalOf(password, words);
  if (refusal !== null) throw invalidInput('BAD_USER_INPUT', `\`${field}\` ${refusal}.`, [field]);
  return hashPassword(password);
}

/**
 * The error of a token that is unknown, used, expired, or for another purpose or address: the same for all.
 */
export function invalidToken() {
  return invalidInput('NOT_FOUND', 'This token is invalid, expired or used already.', ['token']);
}
