/**
 * How long processes may answer from their caches without hearing that they still do so truly, in
 * milliseconds.
 */
export interface LeaseTimes {
  /** From one proof of hearing to the next. */
  readonly heartbeatMs: number;
  /** How long one proof is good for. */
  readonly leaseMs: number;
  /** How much longer others wait for it, because clocks don't run equally fast. */
  readonly marginMs: number;
}

/** A moment by both of the process's clocks. */
export interface Moment {
  /** Never goes back, but stands still while the machine sleeps. */
  readonly steadyMs: number;
  /** Goes on while the machine sleeps, but may be set. */
  readonly wallMs: number;
}

/** The present. */
export function presentMoment(): Moment {
  return { steadyMs: performance.now(), wallMs: Date.now() };
}

/** Until when a process may answer from its caches. */
export class Lease {
  #since: Moment | null = null;
  readonly #leaseMs: number;
  readonly #present: () => Moment;

  constructor({ leaseMs }: Pick<LeaseTimes, 'leaseMs'>, present = presentMoment) {
    this.#leaseMs = leaseMs;
    this.#present = present;
  }

  /** By both clocks: a machine that slept must not go on as if no time had passed. */
  get isRunning(): boolean {
    if (this.#since === null) return false;
    const { steadyMs, wallMs } = this.#present();
    return steadyMs - this.#since.steadyMs < this.#leaseMs && wallMs - this.#since.wallMs < this.#leaseMs;
  }

  /** From the moment at which something was sent that has been heard; never from when it was heard. */
  renew(sentAt: Moment): void {
    this.#since = sentAt;
  }
}
