import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines } from '../../../src/platform/runtime/timeout-sweeper.ts';

describe('deadlines', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('end work that takes longer than it may, a tenth of a second later at the most', () => {
    const late: string[] = [];
    const deadlines = new Deadlines<string>((work) => {
      late.push(work);
      deadlines.end(places.get(work) ?? -1);
    });
    const places = new Map([
      ['short', deadlines.begin('short', 1000)],
      ['long', deadlines.begin('long', 5000)],
      ['endless', deadlines.begin('endless', Infinity)],
    ]);

    vi.advanceTimersByTime(999);
    expect(late).toEqual([]);
    vi.advanceTimersByTime(101);
    expect(late).toEqual(['short']);
    vi.advanceTimersByTime(60_000);
    expect(late).toEqual(['short', 'long']);
    expect(deadlines.all()).toEqual(['endless']);
  });

  it('leave alone what ended before, also when something else has its place', () => {
    const late: string[] = [];
    const deadlines = new Deadlines<string>((work) => late.push(work));
    deadlines.end(deadlines.begin('quick', 1000));
    const place = deadlines.begin('next', 3000);

    expect(deadlines.all()).toEqual(['next']);
    vi.advanceTimersByTime(2000);
    deadlines.end(place);
    vi.advanceTimersByTime(2000);
    expect(late).toEqual([]);
  });

  it('look for nothing while there is nothing, and again when there is', () => {
    const late: string[] = [];
    const deadlines = new Deadlines<string>((work) => late.push(work));
    deadlines.end(deadlines.begin('first', 1000));
    vi.advanceTimersByTime(200);
    expect(vi.getTimerCount()).toBe(0);

    deadlines.begin('second', 1000);
    vi.advanceTimersByTime(1100);
    expect(late).toContain('second');
  });
});
