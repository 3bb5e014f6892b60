import { describe, expect, it } from 'vitest';
import { MemoryAttemptLimiter } from '../../../src/platform/security/attempt-limiter.ts';
import { TestClock } from '../../support/clock.ts';

const two = [{ name: 'all', triesMax: 2 }];

function aLimiter(limitsMax = 10) {
  const clock = new TestClock();
  return { clock, limiter: new MemoryAttemptLimiter({ windowMs: 1000, clock, limitsMax }) };
}

const times = async <Result>(count: number, work: () => Promise<Result>) => {
  const results: Result[] = [];
  for (let time = 0; time < count; time += 1) results.push(await work());
  return results;
};

describe('the attempt limiter', () => {
  it('allows a burst, then one attempt each interval, and reports the wait', async () => {
    const { clock, limiter } = aLimiter();

    expect(await times(3, () => limiter.take('a', two))).toEqual([null, null, 500]);
    expect(await limiter.take('b', two)).toBeNull();
    clock.advance(300);
    expect(await limiter.take('a', two)).toBe(200);
    clock.advance(200);
    expect(await times(2, () => limiter.take('a', two))).toEqual([null, 500]);
    clock.advance(5000);
    expect(await times(3, () => limiter.take('a', two))).toEqual([null, null, 500]);
  });

  it('allows exactly three attempts where an interval is a third of the window', async () => {
    const { limiter } = aLimiter();
    const three = [{ name: 'all', triesMax: 3 }];

    expect(await times(4, () => limiter.take('a', three))).toEqual([null, null, null, 334]);
  });

  it('counts an attempt against all limits or, if one is reached, against none', async () => {
    const { limiter } = aLimiter();
    const one = { name: 'one', triesMax: 1 };
    await limiter.take('a', [one]);

    expect(await times(5, () => limiter.take('a', [...two, one]))).toEqual(Array(5).fill(1000));
    expect(await times(3, () => limiter.take('a', two))).toEqual([null, null, 500]);
  });

  it('regains what is given back, never more than was taken', async () => {
    const { limiter } = aLimiter();
    await times(3, () => limiter.giveBack('a', two));
    await times(2, () => limiter.take('a', two));
    await limiter.giveBack('a', two);

    expect(await times(2, () => limiter.take('a', two))).toEqual([null, 500]);
    await times(5, () => limiter.giveBack('a', two));
    expect(await times(3, () => limiter.take('a', two))).toEqual([null, null, 500]);
  });

  it('starts over after a reset of the key, or of one of its limits', async () => {
    const { limiter } = aLimiter();
    await times(3, () => limiter.take('a', two));
    await limiter.forget('a', 'other');
    expect(await limiter.take('a', two)).toBe(500);
    await limiter.forget('a', 'all');
    expect(await times(3, () => limiter.take('a', two))).toEqual([null, null, 500]);
    await limiter.forget('a');
    expect(await times(3, () => limiter.take('a', two))).toEqual([null, null, 500]);
  });

  it('keeps the limits of the most recent keys, up to its bound', async () => {
    const { limiter } = aLimiter(2);
    await times(2, () => limiter.take('a', two));
    await limiter.take('b', two);
    await limiter.take('a', two);
    await limiter.take('c', two);

    expect(await limiter.take('a', two)).toBe(500);
    expect(await times(2, () => limiter.take('b', two))).toEqual([null, null]);
  });
});
