import { createHash } from 'node:crypto';
import type { AttemptLimit, AttemptLimiter } from '../../platform/security/attempt-limiter.ts';
import { invalidInput } from '../../platform/input.ts';
import { networkOf } from '../../platform/security/network-address.ts';

/** An attempt to sign in. */
interface SignInAttempt {
  readonly email: string;
  readonly ipAddress: string | null;
  /** An earlier session of the account on the same device; null for an unknown device. */
  readonly knownSessionId: string | null;
}

/**
 * Slows down the guessing of passwords: attempts count per account and network, per account, and per network.
 * A device of the account has a limit of its own, so that attempts elsewhere cannot keep its owner out.
 */
export interface SignInLimits {
  /**
   * Counts an attempt, before the password is checked.
   * @throws InvalidInput in the same words for each limit, and for accounts that do not exist
   */
  count(attempt: SignInAttempt): Promise<void>;
  /** Takes back a successful attempt, and those of the same account from the same place. */
  succeed(attempt: SignInAttempt): Promise<void>;
  /** Counts a previous token before its lookup; resolves with false after too many unknown tokens. */
  countToken(ipAddress: string | null): Promise<boolean>;
  /** Takes back a previous token that has a session. */
  acceptToken(ipAddress: string | null): Promise<void>;
  /**
   * Counts a lift of an account's limits, before it is recorded.
   * @throws InvalidInput after too many: an admin must not be able to guess a member's password
   */
  countLift(email: string): Promise<void>;
  /** Forgets all attempts for an account. */
  lift(email: string): Promise<void>;
}

/** All networks together have this many times the attempts of one for an account. */
const networksPerAccount = 5;

/** A network may send this many times as many unknown tokens as it may fail to sign in. */
const tokensPerAttempt = 10;

const liftsOfAccount: readonly AttemptLimit[] = [{ name: 'lift', triesMax: 3 }];

/** Creates the limits: `perAccount` and `perNetwork` attempts in the window of the limiter. */
export function createSignInLimits(
  limiter: AttemptLimiter,
  { perAccount, perNetwork }: { readonly perAccount: number; readonly perNetwork: number },
): SignInLimits {
  const ofAccount: AttemptLimit = { name: 'account', triesMax: perAccount * networksPerAccount };
  const ofNetwork: readonly AttemptLimit[] = [{ name: 'network', triesMax: perNetwork }];
  const tokens: readonly AttemptLimit[] = [{ name: 'token', triesMax: perNetwork * tokensPerAttempt }];
  const limitsOfAccount = (attempt: SignInAttempt): AttemptLimit[] => {
    const ofPlace = { name: placeOf(attempt), triesMax: perAccount };
    return attempt.knownSessionId === null ? [ofAccount, ofPlace] : [ofPlace];
  };

  return {
    async count(attempt) {
      const isKnown = attempt.knownSessionId !== null;
      // The network first: one that is over its limit cannot use up the attempts of an account.
      const waitMs =
        (isKnown ? null : await limiter.take(networkKey(attempt), ofNetwork)) ??
        (await limiter.take(accountKey(attempt.email), limitsOfAccount(attempt)));
      if (waitMs !== null) throw tooMany('sign-in attempts', waitMs);
    },

    // Only one attempt of the network: otherwise an attacker with an own account could reset the limit.
    async succeed(attempt) {
      const account = accountKey(attempt.email);
      await limiter.forget(account, placeOf(attempt));
      if (attempt.knownSessionId !== null) return;
      await Promise.all([
        limiter.giveBack(account, [ofAccount]),
        limiter.giveBack(networkKey(attempt), ofNetwork),
      ]);
    },

    async countToken(ipAddress) {
      return (await limiter.take(tokenKey(ipAddress), tokens)) === null;
    },

    async acceptToken(ipAddress) {
      await limiter.giveBack(tokenKey(ipAddress), tokens);
    },

    async countLift(email) {
      const waitMs = await limiter.take(`lift:${accountKey(email)}`, liftsOfAccount);
      if (waitMs !== null) throw tooMany('lifted limits for this user', waitMs);
    },

    async lift(email) {
      await limiter.forget(accountKey(email));
    },
  };
}

function tooMany(what: string, waitMs: number) {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return invalidInput('RATE_LIMITED', `Too many ${what}; try again in ${seconds} seconds.`, [], {
    params: { retryAfterSeconds: seconds },
  });
}

function placeOf(attempt: SignInAttempt): string {
  return attempt.knownSessionId === null ? networkIn(attempt) : `session:${attempt.knownSessionId}`;
}

function networkIn({ ipAddress }: Pick<SignInAttempt, 'ipAddress'>): string {
  return ipAddress === null ? 'unknown' : networkOf(ipAddress);
}

function networkKey(attempt: SignInAttempt): string {
  return `network:${networkIn(attempt)}`;
}

function tokenKey(ipAddress: string | null): string {
  return `tokens:${networkIn({ ipAddress })}`;
}

/** Contains a hash of the email address, so that the store of attempts contains no addresses. */
function accountKey(email: string): string {
  return `account:${createHash('sha256').update(email.toLowerCase()).digest('base64url')}`;
}
