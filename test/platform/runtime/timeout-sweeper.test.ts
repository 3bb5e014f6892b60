import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TimeoutSweeper } from '../../../src/platform/runtime/timeout-sweeper.ts';

describe('the timeout sweeper', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('expires late work within a tenth of a second', () => {
    const late: string[] = [];
    const sweeper = new TimeoutSweeper<string>((work) => {
      late.push(work);
      sweeper.end(places.get(work) ?? -1);
    });
    const places = new Map([
      ['short', sweeper.begin('short', 1000)],
      ['long', sweeper.begin('long', 5000)],
      ['endless', sweeper.begin('endless', Infinity)],
    ]);

    vi.advanceTimersByTime(999);
    expect(late).toEqual([]);
    vi.advanceTimersByTime(101);
    expect(late).toEqual(['short']);
    vi.advanceTimersByTime(60_000);
    expect(late).toEqual(['short', 'long']);
    expect(sweeper.all()).toEqual(['endless']);
  });

  it('does not expire finished work, even if its handle was reused', () => {
    const late: string[] = [];
    const sweeper = new TimeoutSweeper<string>((work) => late.push(work));
    sweeper.end(sweeper.begin('quick', 1000));
    const place = sweeper.begin('next', 3000);

    expect(sweeper.all()).toEqual(['next']);
    vi.advanceTimersByTime(2000);
    sweeper.end(place);
    vi.advanceTimersByTime(2000);
    expect(late).toEqual([]);
  });

  it('stops its timer without work and starts it for new work', () => {
    const late: string[] = [];
    const sweeper = new TimeoutSweeper<string>((work) => late.push(work));
    sweeper.end(sweeper.begin('first', 1000));
    vi.advanceTimersByTime(200);
    expect(vi.getTimerCount()).toBe(0);

    sweeper.begin('second', 1000);
    vi.advanceTimersByTime(1100);
    expect(late).toContain('second');
  });
});
