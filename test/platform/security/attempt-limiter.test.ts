import { describe, expect, it } from 'vitest';
import { MemoryAttemptLimiter } from '../../../src/platform/security/attempt-limiter.ts';
import { TestClock } from '../../support/clock.ts';

function aLimiter(keysMax = 10) {
  const clock = new TestClock();
  return { clock, limiter: new MemoryAttemptLimiter({ triesMax: 2, windowMs: 1000, clock, keysMax }) };
}

const times = async <Result>(count: number, work: () => Promise<Result>) => {
  const results: Result[] = [];
  for (let time = 0; time < count; time += 1) results.push(await work());
  return results;
};

describe('the attempt limiter', () => {
  it('reports how long to wait after too many attempts, from the first', async () => {
    const { clock, limiter } = aLimiter();

    expect(await limiter.take('a')).toBeNull();
    clock.advance(300);
    expect(await times(3, () => limiter.take('a'))).toEqual([null, 700, 700]);
    expect(await limiter.take('b')).toBeNull();
    clock.advance(700);
    expect(await times(3, () => limiter.take('a'))).toEqual([null, null, 1000]);
  });

  it('regains what is given back, never more than was taken', async () => {
    const { limiter } = aLimiter();
    await times(3, () => limiter.giveBack('a'));
    await times(2, () => limiter.take('a'));
    await limiter.giveBack('a');

    expect(await times(2, () => limiter.take('a'))).toEqual([null, 1000]);
    await times(5, () => limiter.giveBack('a'));
    expect(await times(3, () => limiter.take('a'))).toEqual([null, null, 1000]);
  });

  it('starts over after a reset', async () => {
    const { limiter } = aLimiter();
    await times(3, () => limiter.take('a'));
    await limiter.forget('a');

    expect(await times(3, () => limiter.take('a'))).toEqual([null, null, 1000]);
  });

  it('keeps the most recent keys, up to its bound', async () => {
    const { limiter } = aLimiter(2);
    await times(2, () => limiter.take('a'));
    await limiter.take('b');
    await limiter.take('a');
    await limiter.take('c');

    expect(await limiter.take('a')).toBe(1000);
    expect(await times(2, () => limiter.take('b'))).toEqual([null, null]);
  });
});
