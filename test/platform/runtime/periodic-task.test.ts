import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PeriodicTask } from '../../../src/platform/runtime/periodic-task.ts';
import { deferred } from '../../support/deferred.ts';

const hour = 3_600_000;

describe('a periodic task', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('first runs within about a minute, then at about the interval', async () => {
    const work = vi.fn(async () => {});
    const task = new PeriodicTask({ work, intervalMs: hour, onError: fail, random: () => 0.5 });
    task.start();

    await vi.advanceTimersByTimeAsync(59_999);
    expect(work).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(2 * hour);
    expect(work).toHaveBeenCalledTimes(3);
    await task.stop();
  });

  it.each([
    [0, 0.75 * hour],
    [1, 1.25 * hour],
  ])('pauses between three and five quarters of the interval: random value %f', async (chance, pause) => {
    const work = vi.fn(async () => {});
    const task = new PeriodicTask({ work, intervalMs: hour, onError: fail, random: () => chance });
    task.start();
    await vi.advanceTimersToNextTimerAsync();

    await vi.advanceTimersByTimeAsync(pause - 1);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(2);
    await task.stop();
  });

  it('continues after a failure and reports the error', async () => {
    const onError = vi.fn();
    const failure = new Error('no database');
    const work = vi.fn(async () => Promise.reject(failure));
    const task = new PeriodicTask({ work, intervalMs: hour, onError });
    task.start();
    await vi.advanceTimersByTimeAsync(3 * hour);

    expect(work.mock.calls.length).toBeGreaterThanOrEqual(2);
    expect(onError).toHaveBeenCalledWith(failure);
    await task.stop();
  });

  it('never runs twice concurrently', async () => {
    const first = deferred<void>();
    const work = vi.fn(() => first.promise);
    const task = new PeriodicTask({ work, intervalMs: hour, onError: fail });
    task.start();
    await vi.advanceTimersByTimeAsync(10 * hour);

    expect(work).toHaveBeenCalledTimes(1);
    first.resolve();
    await task.stop();
  });

  it('when stopped: aborts the current run, waits for it and starts no other', async () => {
    const work = vi.fn(
      (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
    );
    const task = new PeriodicTask({ work, intervalMs: hour, onError: fail });
    task.start();
    await vi.advanceTimersToNextTimerAsync();
    await task.stop();
    await vi.advanceTimersByTimeAsync(10 * hour);

    expect(work).toHaveBeenCalledTimes(1);
  });
});

function fail(error: unknown): never {
  throw error;
}
