import { createHash } from 'node:crypto';
import type { AttemptLimiter } from '../../platform/security/attempt-limiter.ts';
import { invalidInput } from '../../platform/input.ts';
import { networkOf } from '../../platform/security/network-address.ts';

/** An attempt to sign in: account and client address. */
interface Attempt {
  readonly email: string;
  readonly ipAddress: string | null;
}

/** Keeps passwords from being guessed: so many tries for an account, and so many from an address. */
export interface SignInLimits {
  /**
   * Counts a try, before it costs anything.
   * @throws InvalidInput, in the same words whatever there were too many of, and whether there is such an account
   */
  count(attempt: Attempt): Promise<void>;
  /** A try was right: it doesn't count, and neither do those for the same account before it. */
  succeed(attempt: Attempt): Promise<void>;
}

export function createSignInLimits(limiters: {
  readonly perAccount: AttemptLimiter;
  readonly perAddress: AttemptLimiter;
}): SignInLimits {
  const { perAccount, perAddress } = limiters;
  return {
    async count(attempt) {
      // The address first: one that tries too much must not keep the owner of an account out by it.
      const waitMs =
        (await perAddress.take(addressOf(attempt))) ?? (await perAccount.take(accountOf(attempt)));
      if (waitMs === null) return;
      const seconds = Math.max(1, Math.ceil(waitMs / 1000));
      throw invalidInput('RATE_LIMITED', `Too many sign-in attempts; try again in ${seconds} seconds.`);
    },

    // Only the one try of the address: whoever has an account of their own could else guess at others' for ever.
    async succeed(attempt) {
      await Promise.all([perAccount.forget(accountOf(attempt)), perAddress.giveBack(addressOf(attempt))]);
    },
  };
}

function addressOf({ ipAddress }: Attempt): string {
  return ipAddress === null ? 'unknown' : networkOf(ipAddress);
}

/** A hash, because a store of tries is no place for people's addresses. */
function accountOf({ email }: Attempt): string {
  return createHash('sha256').update(email.toLowerCase()).digest('base64url');
}
