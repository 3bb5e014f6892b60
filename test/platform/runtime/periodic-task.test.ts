import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Repetition } from '../../../src/platform/runtime/periodic-task.ts';
import { deferred } from '../../support/deferred.ts';

const hour = 3_600_000;

describe('a repetition', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('begins within a minute or so and goes on in pauses of about the interval', async () => {
    const work = vi.fn(async () => {});
    const repetition = new Repetition({ work, intervalMs: hour, onError: fail, random: () => 0.5 });
    repetition.start();

    await vi.advanceTimersByTimeAsync(59_999);
    expect(work).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(2 * hour);
    expect(work).toHaveBeenCalledTimes(3);
    await repetition.stop();
  });

  it.each([
    [0, 0.75 * hour],
    [1, 1.25 * hour],
  ])('takes a pause between three and five quarters of the interval: chance %f', async (chance, pause) => {
    const work = vi.fn(async () => {});
    const repetition = new Repetition({ work, intervalMs: hour, onError: fail, random: () => chance });
    repetition.start();
    await vi.advanceTimersToNextTimerAsync();

    await vi.advanceTimersByTimeAsync(pause - 1);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(2);
    await repetition.stop();
  });

  it('goes on after a failure, and tells of it', async () => {
    const onError = vi.fn();
    const failure = new Error('no database');
    const work = vi.fn(async () => Promise.reject(failure));
    const repetition = new Repetition({ work, intervalMs: hour, onError });
    repetition.start();
    await vi.advanceTimersByTimeAsync(3 * hour);

    expect(work.mock.calls.length).toBeGreaterThanOrEqual(2);
    expect(onError).toHaveBeenCalledWith(failure);
    await repetition.stop();
  });

  it('is never at it twice', async () => {
    const first = deferred<void>();
    const work = vi.fn(() => first.promise);
    const repetition = new Repetition({ work, intervalMs: hour, onError: fail });
    repetition.start();
    await vi.advanceTimersByTimeAsync(10 * hour);

    expect(work).toHaveBeenCalledTimes(1);
    first.resolve();
    await repetition.stop();
  });

  it('asks what is under way to end, waits for it, and begins nothing afterwards', async () => {
    const work = vi.fn(
      (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
    );
    const repetition = new Repetition({ work, intervalMs: hour, onError: fail });
    repetition.start();
    await vi.advanceTimersToNextTimerAsync();
    await repetition.stop();
    await vi.advanceTimersByTimeAsync(10 * hour);

    expect(work).toHaveBeenCalledTimes(1);
  });
});

function fail(error: unknown): never {
  throw error;
}
