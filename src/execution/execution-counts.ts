import type { NotPlannableReason } from './plan/compile.ts';
import type { BailoutReason } from './fallback/bailout.ts';

/** Numbers of operations by the way in which they were run. */
export interface ExecutionStatistics {
  /** By the level executor alone. */
  readonly fast: number;
  /** By graphql-js alone, by reason. */
  readonly notPlannable: Readonly<Partial<Record<NotPlannableReason, number>>>;
  /** By the level executor until it bailed out, then by graphql-js; by reason. */
  readonly bailedOut: Readonly<Partial<Record<BailoutReason, number>>>;
}

/**
 * Counts operations by the way in which they were run: only these counts show that operations became slow.
 */
export class ExecutionCounts {
  /** The number of operations that the level executor has run alone. */
  fast = 0;
  readonly #notPlannable = new Map<NotPlannableReason, number>();
  readonly #bailedOut = new Map<BailoutReason, number>();

  countNotPlannable(reason: NotPlannableReason): void {
    this.#notPlannable.set(reason, (this.#notPlannable.get(reason) ?? 0) + 1);
  }

  countBailout(reason: BailoutReason): void {
    this.#bailedOut.set(reason, (this.#bailedOut.get(reason) ?? 0) + 1);
  }

  statistics(): ExecutionStatistics {
    return {
      fast: this.fast,
      notPlannable: Object.fromEntries(this.#notPlannable),
      bailedOut: Object.fromEntries(this.#bailedOut),
    };
  }
}
