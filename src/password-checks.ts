import type { Config } from './config.ts';
import { createSignInLimits } from './domains/session/sign-in-limits.ts';
import { MemoryAttemptLimiter } from './platform/attempt-limiter.ts';
import type { Clock } from './platform/clock.ts';
import { isPassword } from './platform/passwords.ts';
import { Turns } from './platform/turns.ts';

/** What keeps signing in from being used to guess passwords, or to keep the process busy. */
export function createPasswordChecks({
  clock,
  config,
}: {
  readonly clock: Clock;
  readonly config: Pick<Config, 'signInLimits'>;
}) {
  const { triesPerAccount, triesPerAddress, windowMs } = config.signInLimits;
  const limiterOf = (triesMax: number) =>
    new MemoryAttemptLimiter({ triesMax, windowMs, clock, keysMax: 100_000 });
  // 20 ms and 19 MB each, on threads that files and addresses of hosts are read on as well.
  const turns = new Turns({ atOnceMax: 2, waitingMax: 100 });
  return {
    limits: createSignInLimits({
      perAccount: limiterOf(triesPerAccount),
      perAddress: limiterOf(triesPerAddress),
    }),
    isPassword: (password: string, passwordHash: string | null) =>
      turns.take(() => isPassword(password, passwordHash)),
  };
}
