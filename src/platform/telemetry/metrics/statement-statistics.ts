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

  record(text: string, durationMs: number, failed: boolean): void {
    const counts = this.#byText.get(text) ?? this.#introduce(text);
    counts.durations.record(durationMs);
    if (failed) counts.failed += 1;
  }

  /** Returns the counts of all statements together. */
  all(): StatementTimes & { readonly durations: Histogram } {
    const sum = new Counts();
    for (const { durations, failed } of [...this.#byText.values(), this.#others]) {
      sum.durations.add(durations);
      sum.failed += failed;
    }
    return { ...timesOf(null, sum), durations: sum.durations };
  }

  /** Returns the counts per text, largest total duration first. */
  byText(): StatementTimes[] {
    const known = Array.from(this.#byText, ([text, counts]) => timesOf(text, counts));
    const others = this.#others.durations.count === 0 ? [] : [timesOf(null, this.#others)];
    return [...known, ...others].toSorted((left, right) => right.totalMs - left.totalMs);
  }

  #introduce(text: string): Counts {
    if (this.#byText.size >= textsMax) return this.#others;
    const counts = new Counts();
    this.#byText.set(text, counts);
    return counts;
  }
}

class Counts {
  readonly durations = new Histogram();
  failed = 0;
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
