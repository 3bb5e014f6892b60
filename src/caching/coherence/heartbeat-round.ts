import type { Moment } from './lease.ts';
import type { SendResult } from './notify-connection.ts';

/**
 * The result of a barrier: confirmed by all processes, lapsed with the leases of silent ones, or lost with
 * the connection.
 */
export type BarrierOutcome = 'confirmed' | 'lapsed' | 'lost';

/**
 * A message that this process sends and receives itself, which shows that everything committed before was
 * received. As a barrier it also waits until every process with a lease has received it, or the lease has
 * expired.
 */
export class Round {
  readonly number: number;
  readonly sentAt: Moment;
  /** The result of the barrier. */
  readonly outcome: Promise<BarrierOutcome>;
  /** The key spaces that another process confirmed as clean, for a joining process; null if none did. */
  readonly cleanKeySpaces: Promise<readonly string[] | null>;
  readonly #resolveOutcome: (outcome: BarrierOutcome) => void;
  readonly #resolveKeySpaces: (keySpaces: readonly string[] | null) => void;
  #isReceived = false;
  /** By process: the expiry of its lease. Null until that is known. */
  #peerDeadlines: Map<string, number> | null = null;
  readonly #acknowledgedBy = new Set<string>();
  readonly #answeredBy = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(number: number, sentAt: Moment) {
    this.number = number;
    this.sentAt = sentAt;
    let resolveOutcome: (outcome: BarrierOutcome) => void = () => {};
    let resolveKeySpaces: (keySpaces: readonly string[] | null) => void = () => {};
    this.outcome = new Promise((resolve) => (resolveOutcome = resolve));
    this.cleanKeySpaces = new Promise((resolve) => (resolveKeySpaces = resolve));
    this.#resolveOutcome = resolveOutcome;
    this.#resolveKeySpaces = resolveKeySpaces;
  }

  /** Notes that the sender received its own message. */
  received(): void {
    this.#isReceived = true;
    this.#check();
  }

  /**
   * Notes the commit: from then on no peer can renew its lease without receiving everything committed before.
   */
  committed(peers: SendResult['peers'], leaseMaxMs: number): void {
    const now = performance.now();
    this.#peerDeadlines = new Map(
      // The database's clock may have been set back; no lease is longer than the maximum.
      peers.map(({ id, remainingMs }) => [id, now + Math.min(remainingMs, leaseMaxMs)]),
    );
    this.#check();
  }

  /** Notes that another process received the message, or has left. */
  acknowledgedBy(processId: string): void {
    this.#acknowledgedBy.add(processId);
    this.#check();
  }

  /** Notes the key spaces that another process reports as clean; null if it cannot confirm any. */
  reportedCleanBy(processId: string, keySpaces: readonly string[] | null): void {
    if (keySpaces !== null) this.#resolveKeySpaces(keySpaces);
    this.#answeredBy.add(processId);
    this.#check();
  }

  /** Ends the round without a result, because the connection is lost. */
  lose(): void {
    clearTimeout(this.#timer);
    this.#isReceived = false;
    this.#resolveOutcome('lost');
    this.#resolveKeySpaces(null);
  }

  #check(): void {
    clearTimeout(this.#timer);
    if (!this.#isReceived || this.#peerDeadlines === null) return;
    const silentUntil = this.#lastDeadline(this.#acknowledgedBy);
    const undecidedUntil = this.#lastDeadline(this.#answeredBy);
    const now = performance.now();
    if (undecidedUntil <= now) this.#resolveKeySpaces(null);
    if (silentUntil <= now) this.#resolveOutcome(silentUntil === 0 ? 'confirmed' : 'lapsed');
    const next = Math.min(...[silentUntil, undecidedUntil].filter((deadline) => deadline > now));
    if (next < Infinity) this.#timer = setTimeout(() => this.#check(), Math.ceil(next - now));
  }

  /** The last expiry among the leases of all other processes; 0 without others. */
  #lastDeadline(except: ReadonlySet<string>): number {
    return Math.max(
      0,
      ...[...(this.#peerDeadlines ?? [])].map(([id, deadline]) => (except.has(id) ? 0 : deadline)),
    );
  }
}
