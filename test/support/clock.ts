import type { Clock } from '../../src/platform/runtime/clock.ts';

/** A clock that only a test advances. */
export class TestClock implements Clock {
  #now: number;

  constructor(startAt = Date.UTC(2026, 10, 20, 12)) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
