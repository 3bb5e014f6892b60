/** How long anybody waits for a connection, in milliseconds. */
export interface WaitTimes {
  /** While nobody at all gets one, and until one is made. */
  readonly connectMs: number;
  /** While others get theirs. */
  readonly waitMaxMs: number;
}

/** Somebody in the line; moments are by `performance.now()`, as all moments here. */
export interface InLine {
  readonly since: number;
  /** When the work began that they wait for, perhaps not for the first time. */
  readonly workSince: number;
  /** Told when it was in vain. */
  readonly turnAway: () => void;
}

/**
 * Those who wait for a connection, the oldest work first: else whoever needs several statements would wait as often, and in a crowd all
 * would come to their deadline with half of their work done. Each is turned away only when the line stands still for too
 * long: in a crowd everybody waits for longer than when something is stuck, and is served all the same.
 */
export class WaitingLine<Member extends InLine> {
  readonly #times: WaitTimes;
  #members: Member[] = [];
  #movedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(times: WaitTimes) {
    this.#times = times;
  }

  get length(): number {
    return this.#members.length;
  }

  join(member: Member): void {
    const place = this.#members.findLastIndex(({ workSince }) => workSince <= member.workSince) + 1;
    this.#members.splice(place, 0, member);
    this.#watch();
  }

  /** Whoever came first leaves the line; null where nobody waits. */
  next(): Member | null {
    return this.#members.shift() ?? null;
  }

  /** Somebody got a connection. */
  noteMove(): void {
    this.#movedAt = performance.now();
  }

  /** Tells everybody that it was in vain. */
  disperse(): void {
    for (const { turnAway } of this.#members.splice(0)) turnAway();
  }

  #watch(): void {
    if (this.#members.length === 0 || this.#timer !== null) return;
    const ends = this.#members.map((member) => this.#endOf(member));
    const waitMs = Math.max(0, Math.min(...ends) - performance.now());
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
    const isOver = (member: Member) => this.#endOf(member) <= now;
    const leaving = this.#members.filter(isOver);
    this.#members = this.#members.filter((member) => !isOver(member));
    for (const { turnAway } of leaving) turnAway();
  }

  #endOf({ since }: Member): number {
    const { connectMs, waitMaxMs } = this.#times;
    return Math.min(Math.max(since, this.#movedAt) + connectMs, since + waitMaxMs);
  }
}
