import { createHash } from 'node:crypto';
import type { AttemptLimiter } from '../../platform/security/attempt-limiter.ts';
import { invalidInput } from '../../platform/input.ts';
import { networkOf } from '../../platform/security/network-address.ts';

/** An attempt to sign in: account and client address. */
interface Attempt {
  readonly email: string;
  readonly ipAddress: string | null;
}

/** Limits sign-in attempts per account and per client address, against guessing of passwords. */
export interface SignInLimits {
  /**
   * Counts an attempt before it costs anything.
   * @throws InvalidInput, with the same message for both limits, whether the account exists or not
   */
  count(attempt: Attempt): Promise<void>;
  /** Records a successful attempt: neither it nor earlier attempts for the same account count. */
  succeed(attempt: Attempt): Promise<void>;
}

/** Creates the limits over two limiters, one per account and one per address. */
export function createSignInLimits(limiters: {
  readonly perAccount: AttemptLimiter;
  readonly perAddress: AttemptLimiter;
}): SignInLimits {
  const { perAccount, perAddress } = limiters;
  return {
    async count(attempt) {
      // The address first: attempts beyond its limit must not count against the account and lock its owner
      // out.
      const waitMs =
        (await perAddress.take(addressOf(attempt))) ?? (await perAccount.take(accountOf(attempt)));
      if (waitMs === null) return;
      const seconds = Math.max(1, Math.ceil(waitMs / 1000));
      throw invalidInput('RATE_LIMITED', `Too many sign-in attempts; try again in ${seconds} seconds.`);
    },

    // Only this attempt of the address: else an attacker with an own account could reset the limit at will.
    async succeed(attempt) {
      await Promise.all([perAccount.forget(accountOf(attempt)), perAddress.giveBack(addressOf(attempt))]);
    },
  };
}

function addressOf({ ipAddress }: Attempt): string {
  return ipAddress === null ? 'unknown' : networkOf(ipAddress);
}

/** The hash of the email address, so that the store of attempts contains no addresses. */
function accountOf({ email }: Attempt): string {
  return createHash('sha256').update(email.toLowerCase()).digest('base64url');
}
