import type { Config } from './config/config.ts';
import { createSignInLimits } from '../domains/session/sign-in-limits.ts';
import { MemoryAttemptLimiter } from '../platform/security/attempt-limiter.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import { isPassword } from '../platform/security/passwords.ts';
import { SharedAttemptLimiter, type SharedCounters } from '../platform/security/shared-attempt-limiter.ts';
import { Semaphore } from '../platform/runtime/semaphore.ts';

/** What keeps signing in from being used to guess passwords, or to keep the process busy. */
export function createPasswordChecks({
  clock,
  config,
  shared,
}: {
  readonly clock: Clock;
  readonly config: Pick<Config, 'signInLimits'>;
  /** Where processes count together; null: each counts by itself. */
  readonly shared: { readonly counters: SharedCounters; readonly namespace: string } | null;
}) {
  const { triesPerAccount, triesPerAddress, windowMs } = config.signInLimits;
  const limiterOf = (name: string, triesMax: number) => {
    const limit = { triesMax, windowMs, clock, keysMax: 100_000 };
    if (shared === null) return new MemoryAttemptLimiter(limit);
    const { counters, namespace } = shared;
    return new SharedAttemptLimiter({ ...limit, counters, keyPrefix: `${namespace}:tries:${name}:` });
  };
  // 20 ms and 19 MB each, on threads that files and addresses of hosts are read on as well.
  const semaphore = new Semaphore({ concurrencyMax: 2, queueMax: 100 });
  return {
    limits: createSignInLimits({
      perAccount: limiterOf('account', triesPerAccount),
      perAddress: limiterOf('address', triesPerAddress),
    }),
    isPassword: (password: string, passwordHash: string | null) =>
      semaphore.run(() => isPassword(password, passwordHash)),
  };
}
