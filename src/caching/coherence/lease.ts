/** The timing of leases, in milliseconds. */
export interface LeaseTimes {
  /** Interval of the heartbeats. */
  readonly heartbeatMs: number;
  /** The time that a process may answer from its caches after a heartbeat that it received itself. */
  readonly leaseMs: number;
  /** The time that other processes wait in addition, because clocks do not run equally fast. */
  readonly marginMs: number;
}

/** A moment by both clocks of the process. */
export interface Moment {
  /** Monotonic, but stops while the machine sleeps. */
  readonly steadyMs: number;
  /** Continues while the machine sleeps, but may be set. */
  readonly wallMs: number;
}

/** The current moment. */
export function presentMoment(): Moment {
  return { steadyMs: performance.now(), wallMs: Date.now() };
}

/** The longer of the times that the two clocks show between the moments. */
export function elapsedMs(from: Moment, to: Moment): number {
  return Math.max(to.steadyMs - from.steadyMs, to.wallMs - from.wallMs);
}

/** The time in which a process may answer from its caches. */
export class Lease {
  #since: Moment | null = null;
  readonly #leaseMs: number;
  readonly #present: () => Moment;

  constructor({ leaseMs }: Pick<LeaseTimes, 'leaseMs'>, present = presentMoment) {
    this.#leaseMs = leaseMs;
    this.#present = present;
  }

  /**
   * True until either clock has passed the end; a machine that slept must not continue as if no time had
   * passed.
   */
  get isRunning(): boolean {
    return this.#since !== null && elapsedMs(this.#since, this.#present()) < this.#leaseMs;
  }

  /** The moment from which it was last renewed; null before. */
  get since(): Moment | null {
    return this.#since;
  }

  /** Renews from the moment at which a received message was sent, never from its receipt. */
  renew(sentAt: Moment): void {
    this.#since = sentAt;
  }
}
