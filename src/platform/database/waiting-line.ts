/** How long anybody waits for a connection, in milliseconds. */
export interface WaitTimes {
  /** While nobody at all gets one, and until one is made. */
  readonly connectMs: number;
  /** While others get theirs. */
  readonly waitMaxMs: number;
}

/** Somebody in the line; both by `performance.now()`, as all moments here. */
interface Waiter {
  readonly since: number;
  /** Told when it was in vain. */
  readonly turnAway: () => void;
}

/**
 * Those who wait for a connection, in the order in which they came. Each is turned away only when the line stands still for too
 * long: in a crowd everybody waits for longer than when something is stuck, and is served all the same.
 */
export class WaitingLine<Member extends Waiter> {
  readonly #times: WaitTimes;
  readonly #members = new Set<Member>();
  #movedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(times: WaitTimes) {
    this.#times = times;
  }

  get length(): number {
    return this.#members.size;
  }

  join(member: Member): void {
    this.#members.add(member);
    this.#watch();
  }

  /** Whoever came first leaves the line; null where nobody waits. */
  next(): Member | null {
    for (const member of this.#members) {
      this.#members.delete(member);
      return member;
    }
    return null;
  }

  /** Somebody got a connection. */
  noteMove(): void {
    this.#movedAt = performance.now();
  }

  /** Tells everybody that it was in vain. */
  disperse(): void {
    for (const member of this.#members) this.#turnAway(member);
  }

  #watch(): void {
    const [first] = this.#members;
    if (first === undefined || this.#timer !== null) return;
    const waitMs = Math.max(0, this.#endOf(first) - performance.now());
    this.#timer = setTimeout(() => {
      // After the process stood still itself, what was handed back meanwhile is read before anybody is turned away.
      setImmediate(() => {
        this.#timer = null;
        this.#review();
        this.#watch();
      });
    }, waitMs).unref();
  }

  #review(): void {
    const now = performance.now();
    for (const member of this.#members) {
      // Those behind came later.
      if (this.#endOf(member) > now) return;
      this.#turnAway(member);
    }
  }

  #endOf({ since }: Member): number {
    const { connectMs, waitMaxMs } = this.#times;
    return Math.min(Math.max(since, this.#movedAt) + connectMs, since + waitMaxMs);
  }

  #turnAway(member: Member): void {
    this.#members.delete(member);
    member.turnAway();
  }
}
