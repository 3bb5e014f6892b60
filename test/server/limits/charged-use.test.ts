import { describe, expect, it } from 'vitest';
import { RateLimiter } from '../../../src/server/limits/rate-limiter.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { Telemetry } from '../../../src/platform/telemetry/metrics/telemetry.ts';
import { RequestStats } from '../../../src/platform/telemetry/request-stats.ts';

const limits = { user: 1000, tenant: 0, address: 0 };
const clock = { now: () => 0 };
const keys = { user: 'tenant:user' };

function remainingAfter(use: { readonly statementMs: number; readonly characters: number }): number {
  const limiter = new RateLimiter(limits, clock, null);
  limiter.charge(keys, 100);
  limiter.chargeUse(keys, { ...use, cost: 100 });
  return (limiter.charge(keys, 1)?.remaining ?? NaN) + 1;
}

describe('the use of an operation', () => {
  it('is charged afterwards, as far as it exceeds the cost that was charged before', () => {
    expect(remainingAfter({ statementMs: 0, characters: 99_000 })).toBe(900);
    expect(remainingAfter({ statementMs: 40, characters: 10_000 })).toBe(900);
    expect(remainingAfter({ statementMs: 100, characters: 50_000 })).toBe(750);
  });

  it('may exceed what is left: the next operation waits until it is paid', () => {
    const limiter = new RateLimiter(limits, clock, null);
    limiter.charge(keys, 600);
    limiter.chargeUse(keys, { statementMs: 5000, characters: 0, cost: 600 });

    expect(() => limiter.charge(keys, 1)).toThrow(
      'This user has exceeded its rate limit; try again in 37 s.',
    );
  });

  it('includes statements that settle after the response', () => {
    const telemetry = new Telemetry({
      clock,
      logger: createLogger({ level: 'silent' }),
      thresholds: { slowQueryMs: 0, slowRequestMs: 0, verySlowRequestMs: 0 },
    });
    const stats = new RequestStats('request');
    const late: number[] = [];
    const settle = telemetry.currentRequest.run(stats, () => telemetry.followStatement('select 1'));
    stats.onLateStatement = (durationMs) => late.push(durationMs);
    settle(8000, true);

    expect(late).toEqual([8000]);
  });
});
