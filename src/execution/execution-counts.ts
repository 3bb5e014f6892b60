import type { UnplannedReason } from './plan/compile.ts';
import type { FaultReason } from './fallback/bailout.ts';

/** How many operations were run in which way. */
export interface ExecutionStatistics {
  /** By the level executor alone. */
  readonly fast: number;
  /** By graphql-js alone, and why. */
  readonly unplanned: Readonly<Partial<Record<UnplannedReason, number>>>;
  /** Begun by the level executor and finished by graphql-js, and why. */
  readonly handedOver: Readonly<Partial<Record<FaultReason, number>>>;
}

/** Counts operations by the way in which they were run: what is slow gives right answers, too. */
export class ExecutionCounts {
  #fast = 0;
  readonly #unplanned = new Map<UnplannedReason, number>();
  readonly #handedOver = new Map<FaultReason, number>();

  countFast(): void {
    this.#fast += 1;
  }

  countUnplanned(reason: UnplannedReason): void {
    this.#unplanned.set(reason, (this.#unplanned.get(reason) ?? 0) + 1);
  }

  countHandedOver(reason: FaultReason): void {
    this.#handedOver.set(reason, (this.#handedOver.get(reason) ?? 0) + 1);
  }

  statistics(): ExecutionStatistics {
    return {
      fast: this.#fast,
      unplanned: Object.fromEntries(this.#unplanned),
      handedOver: Object.fromEntries(this.#handedOver),
    };
  }
}
