import { Histogram } from './histogram.ts';

/** The count and durations of a statement, in milliseconds. */
export interface StatementTimes {
  /** Null for all statements beyond the bound on texts. */
  readonly text: string | null;
  readonly count: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly totalMs: number;
}

/** Prisma writes another text for every length of a list; Parley's own texts are few and come early. */
const textsMax = 300;

/** Counts and times statements by text, in bounded memory. */
export class StatementStatistics {
  readonly #byText = new Map<string, Counts>();
  readonly #others = new Counts();
  readonly #all = new Counts();

  /** The counts of all statements together. */
  get all(): StatementTimes {
    return timesOf(null, this.#all);
  }

  get histogram(): Histogram {
    return this.#all.durations;
  }

  record(text: string, durationMs: number, failed: boolean): void {
    this.#all.record(durationMs, failed);
    this.#countsOf(text).record(durationMs, failed);
  }

  /** Returns the counts per text, largest total duration first. */
  byText(): StatementTimes[] {
    const known = Array.from(this.#byText, ([text, counts]) => timesOf(text, counts));
    const others = this.#others.durations.count === 0 ? [] : [timesOf(null, this.#others)];
    return [...known, ...others].toSorted((left, right) => right.totalMs - left.totalMs);
  }

  #countsOf(text: string): Counts {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    if (this.#byText.size >= textsMax) return this.#others;
    const counts = new Counts();
    this.#byText.set(text, counts);
    return counts;
  }
}

class Counts {
  readonly durations = new Histogram();
  failed = 0;

  record(durationMs: number, failed: boolean): void {
    this.durations.record(durationMs);
    if (failed) this.failed += 1;
  }
}

function timesOf(text: string | null, { durations, failed }: Counts): StatementTimes {
  return {
    text,
    count: durations.count,
    failed,
    p50Ms: durations.quantile(0.5),
    p95Ms: durations.quantile(0.95),
    p99Ms: durations.quantile(0.99),
    totalMs: durations.sum,
  };
}
