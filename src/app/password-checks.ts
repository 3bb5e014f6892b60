import type { Config } from './config/config.ts';
import { createSignInLimits } from '../domains/session/sign-in-limits.ts';
import { MemoryAttemptLimiter } from '../platform/security/attempt-limiter.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import { createPasswordPolicy } from '../platform/security/password-policy.ts';
import { hashPassword, isPassword } from '../platform/security/passwords.ts';
import { SharedAttemptLimiter, type SharedCounters } from '../platform/security/shared-attempt-limiter.ts';
import { Semaphore } from '../platform/runtime/semaphore.ts';

/** Creates the limits that keep sign-ins from guessing passwords and from keeping the process busy. */
export function createPasswordChecks({
  clock,
  config,
  shared,
}: {
  readonly clock: Clock;
  readonly config: Pick<Config, 'signInLimits'>;
  /** Counters of all processes; null if each process counts by itself. */
  readonly shared: { readonly counters: SharedCounters; readonly namespace: string } | null;
}) {
  const { triesPerAccount, triesPerAddress, windowMs } = config.signInLimits;
  const options = { windowMs, clock, limitsMax: 200_000 };
  const limiter =
    shared === null
      ? new MemoryAttemptLimiter(options)
      : new SharedAttemptLimiter({
          ...options,
          counters: shared.counters,
          keyPrefix: `${shared.namespace}:attempts:`,
        });
  // 20 ms and 19 MB each, on threads that files and addresses of hosts are read on as well.
  const semaphore = new Semaphore({ concurrencyMax: 2, queueMax: 100 });
  return {
    limits: createSignInLimits(limiter, { perAccount: triesPerAccount, perNetwork: triesPerAddress }),
    isPassword: (password: string, passwordHash: string | null) =>
      semaphore.run(() => isPassword(password, passwordHash)),
    hashPassword: (password: string) => semaphore.run(() => hashPassword(password)),
    passwordPolicy: createPasswordPolicy(),
  };
}
