import type { Moment } from './lease.ts';
import type { SendResult } from './notify-connection.ts';

/** How a barrier went: by everybody's answer, by leases that ran out, or not at all because the connection was lost. */
export type BarrierOutcome = 'confirmed' | 'lapsed' | 'lost';

/**
 * One time of speaking, which this process must hear itself to know that it has heard everything before. As a barrier it
 * also waits until every process that may answer from its caches has heard it too, or may no longer answer.
 */
export class Round {
  readonly number: number;
  readonly sentAt: Moment;
  /** How the barrier went. */
  readonly outcome: Promise<BarrierOutcome>;
  /** The places in shared stores for which another process has vouched, null when none did; for a process that joins. */
  readonly cleanKeySpaces: Promise<readonly string[] | null>;
  readonly #pass: (outcome: BarrierOutcome) => void;
  readonly #confirmClean: (keySpaces: readonly string[] | null) => void;
  #isHeard = false;
  /** By process: until when it may still answer from its caches. Null before that is known. */
  #awaited: Map<string, number> | null = null;
  readonly #heardBy = new Set<string>();
  readonly #refusedBy = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(number: number, sentAt: Moment) {
    this.number = number;
    this.sentAt = sentAt;
    let pass: (outcome: BarrierOutcome) => void = () => {};
    let confirmClean: (keySpaces: readonly string[] | null) => void = () => {};
    this.outcome = new Promise((resolve) => (pass = resolve));
    this.cleanKeySpaces = new Promise((resolve) => (confirmClean = resolve));
    this.#pass = pass;
    this.#confirmClean = confirmClean;
  }

  /** Came back to the process that sent it. */
  heard(): void {
    this.#isHeard = true;
    this.#check();
  }

  /** Is committed: from then on, none of these can renew its lease without hearing what was committed before. */
  spoken(peers: SendResult['peers'], leaseMaxMs: number): void {
    const now = performance.now();
    this.#awaited = new Map(
      // The database's clock may have been set; no lease that was taken before this moment is longer than a lease.
      peers.map(({ id, remainingMs }) => [id, now + Math.min(remainingMs, leaseMaxMs)]),
    );
    this.#check();
  }

  /** Another process has heard it, or has left. */
  heardBy(processId: string): void {
    this.#heardBy.add(processId);
    this.#check();
  }

  /** Another process says in which places nothing is that has ended; null when it does not know. */
  reportedCleanBy(processId: string, keySpaces: readonly string[] | null): void {
    if (keySpaces !== null) this.#confirmClean(keySpaces);
    this.#refusedBy.add(processId);
    this.#check();
  }

  /** The connection is gone before it was known how this went. */
  abandon(): void {
    clearTimeout(this.#timer);
    this.#isHeard = false;
    this.#pass('lost');
    this.#confirmClean(null);
  }

  #check(): void {
    clearTimeout(this.#timer);
    if (!this.#isHeard || this.#awaited === null) return;
    const silentUntil = this.#lastDeadline(this.#heardBy);
    const undecidedUntil = this.#lastDeadline(this.#refusedBy);
    const now = performance.now();
    if (undecidedUntil <= now) this.#confirmClean(null);
    if (silentUntil <= now) this.#pass(silentUntil === 0 ? 'confirmed' : 'lapsed');
    const next = Math.min(...[silentUntil, undecidedUntil].filter((deadline) => deadline > now));
    if (next < Infinity) this.#timer = setTimeout(() => this.#check(), Math.ceil(next - now));
  }

  /** Until when any other than these may still answer from its caches; 0 when there is no other. */
  #lastDeadline(except: ReadonlySet<string>): number {
    return Math.max(
      0,
      ...[...(this.#awaited ?? [])].map(([id, deadline]) => (except.has(id) ? 0 : deadline)),
    );
  }
}
