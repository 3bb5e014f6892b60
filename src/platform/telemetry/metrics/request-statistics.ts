import type { Clock } from '../../runtime/clock.ts';
import type { Outcome } from '../request-stats.ts';
import { Histogram } from './histogram.ts';

/** The counts of requests with one name. */
export class RequestCounts {
  readonly byOutcome: Record<Outcome, number> = { ok: 0, refused: 0, failed: 0 };
  readonly durations = new Histogram();
  statements = 0;
  slow = 0;
  verySlow = 0;

  get count(): number {
    return this.durations.count;
  }

  record({ outcome, durationMs, statements, slowness }: FinishedRequest): void {
    this.byOutcome[outcome] += 1;
    this.durations.record(durationMs);
    this.statements += statements;
    if (slowness !== null) this[slowness] += 1;
  }

  add(other: RequestCounts): void {
    for (const outcome of ['ok', 'refused', 'failed'] as const)
      this.byOutcome[outcome] += other.byOutcome[outcome];
    this.durations.add(other.durations);
    this.statements += other.statements;
    this.slow += other.slow;
    this.verySlow += other.verySlow;
  }
}

/** A finished request. */
export interface FinishedRequest {
  /** A name out of a bounded number. */
  readonly name: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly statements: number;
  /** Null for a request that was not slow. */
  readonly slowness: 'slow' | 'verySlow' | null;
}

const minuteMs = 60_000;

/** The longest window, in minutes. */
export const windowMinutesMax = 60;

/** Counts requests by name, since the start and per minute of the last hour. */
export class RequestStatistics {
  readonly #clock: Clock;
  readonly #total = new Map<string, RequestCounts>();
  readonly #minutes = new Map<number, Map<string, RequestCounts>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  record(request: FinishedRequest): void {
    countsOf(this.#total, request.name).record(request);
    countsOf(this.#currentMinute(), request.name).record(request);
  }

  /** Returns the counts since the start. */
  total(): ReadonlyMap<string, RequestCounts> {
    return this.#total;
  }

  /** Returns the counts of the last minutes, of which the current minute is one. */
  window(minutes: number): ReadonlyMap<string, RequestCounts> {
    const current = Math.floor(this.#clock.now() / minuteMs);
    const sums = new Map<string, RequestCounts>();
    for (const [minute, byName] of this.#minutes) {
      if (minute <= current - minutes || minute > current) continue;
      for (const [name, counts] of byName) countsOf(sums, name).add(counts);
    }
    return sums;
  }

  #currentMinute(): Map<string, RequestCounts> {
    const minute = Math.floor(this.#clock.now() / minuteMs);
    const known = this.#minutes.get(minute);
    if (known !== undefined) return known;
    const counts = new Map<string, RequestCounts>();
    this.#minutes.set(minute, counts);
    for (const old of this.#minutes.keys()) if (old <= minute - windowMinutesMax) this.#minutes.delete(old);
    return counts;
  }
}

function countsOf(byName: Map<string, RequestCounts>, name: string): RequestCounts {
  const known = byName.get(name);
  if (known !== undefined) return known;
  const counts = new RequestCounts();
  byName.set(name, counts);
  return counts;
}
