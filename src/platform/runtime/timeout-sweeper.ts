import { Places } from './slot-list.ts';

interface Bounded<Work> {
  readonly work: Work;
  /** By `performance.now()`. */
  readonly endsAt: number;
}

/** How late a deadline may be noticed. */
const lookEveryMs = 100;

/**
 * Ends work that takes too long: it looks at all that is under way now and then. A timer for each piece would be made for nothing
 * thousands of times a second, and Node's lists of timers keep what they were made for alive for long.
 */
export class Deadlines<Work> {
  readonly #expire: (work: Work) => void;
  readonly #underWay = new Places<Bounded<Work>>();
  #timer: NodeJS.Timeout | null = null;

  /** `expire` brings about the end of work that is late; it is called at every look until that has come. */
  constructor(expire: (work: Work) => void) {
    this.#expire = expire;
  }

  /** Answers what `end` needs to know; `timeMs` may be infinite. */
  begin(work: Work, timeMs: number): number {
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs).unref();
    return this.#underWay.take({ work, endsAt: performance.now() + timeMs });
  }

  /** Once for each that was begun. */
  end(place: number): void {
    this.#underWay.leave(place);
  }

  /** What is under way. */
  all(): Work[] {
    return this.#underWay.members().map(({ work }) => work);
  }

  #look(): void {
    const now = performance.now();
    const underWay = this.#underWay.members();
    if (underWay.length === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
    for (const { work, endsAt } of underWay) if (endsAt <= now) this.#expire(work);
  }
}
