import type { Clock } from '../../runtime/clock.ts';
import type { Outcome, RequestStats } from '../request-stats.ts';
import { Histogram } from './histogram.ts';
import { OperationNames } from './operation-names.ts';

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

  add(other: RequestCounts): void {
    for (const outcome of ['ok', 'refused', 'failed'] as const)
      this.byOutcome[outcome] += other.byOutcome[outcome];
    this.durations.add(other.durations);
    this.statements += other.statements;
    this.slow += other.slow;
    this.verySlow += other.verySlow;
  }
}

/** The result of a request. */
export interface RequestResult {
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** Null for a request that was not slow. */
  readonly slowness: 'slow' | 'verySlow' | null;
}

/** The requests of one minute since the epoch, by name. */
interface Minute {
  readonly minute: number;
  readonly byName: Map<string, RequestCounts>;
}

const minuteMs = 60_000;

/** The longest window, in minutes. */
export const windowMinutesMax = 60;

/** Counts requests by name, since the start and per minute of the last hour. */
export class RequestStatistics {
  readonly #clock: Clock;
  readonly #names = new OperationNames();
  /** The counts of all finished minutes. */
  readonly #before = new Map<string, RequestCounts>();
  #current: Minute = { minute: 0, byName: new Map() };
  /** The minutes of the longest window, the current minute last. */
  #minutes: readonly Minute[] = [this.#current];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reserves names of operations, which are counted by name whichever client sends them. */
  reserve(names: Iterable<string>): void {
    this.#names.reserve(names);
  }

  /**
   * Counts a finished request; returns the name that the request is counted under, one of a bounded number.
   */
  record(stats: RequestStats, { outcome, durationMs, slowness }: RequestResult): string {
    const minute = Math.floor(this.#clock.now() / minuteMs);
    if (minute !== this.#current.minute) this.#turnTo(minute);
    const name = this.#names.nameOf(stats, outcome);
    const { byName } = this.#current;
    const counts = byName.get(name) ?? new RequestCounts();
    if (counts.count === 0) byName.set(name, counts);
    counts.byOutcome[outcome] += 1;
    counts.durations.record(durationMs);
    counts.statements += stats.statements;
    if (slowness !== null) counts[slowness] += 1;
    return name;
  }

  /** Returns the counts since the start. */
  total(): ReadonlyMap<string, RequestCounts> {
    return sumOf([this.#before, this.#current.byName]);
  }

  /** Returns the counts of the last minutes, of which the current minute is one. */
  window(minutes: number): ReadonlyMap<string, RequestCounts> {
    const current = Math.floor(this.#clock.now() / minuteMs);
    const within = this.#minutes.filter(({ minute }) => minute > current - minutes && minute <= current);
    return sumOf(within.map(({ byName }) => byName));
  }

  #turnTo(minute: number): void {
    addTo(this.#before, this.#current.byName);
    this.#current = { minute, byName: new Map() };
    this.#minutes = [...this.#minutes, this.#current].slice(-windowMinutesMax);
  }
}

function sumOf(parts: readonly ReadonlyMap<string, RequestCounts>[]): Map<string, RequestCounts> {
  const sums = new Map<string, RequestCounts>();
  for (const byName of parts) addTo(sums, byName);
  return sums;
}

function addTo(sums: Map<string, RequestCounts>, byName: ReadonlyMap<string, RequestCounts>): void {
  for (const [name, counts] of byName) {
    const sum = sums.get(name) ?? new RequestCounts();
    sums.set(name, sum);
    sum.add(counts);
  }
}
