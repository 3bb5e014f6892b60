import { SlotList } from './slot-list.ts';

interface Entry<Work> {
  readonly work: Work;
  /** By `performance.now()`. */
  readonly expiresAt: number;
}

/** The longest delay between a timeout and its detection. */
const sweepIntervalMs = 100;

/**
 * Expires work that takes too long, by sweeping over all active work at an interval. A timer for each piece
 * of work would be created in vain thousands of times a second, and Node's timer lists keep what a timer was
 * created for alive for long.
 */
export class TimeoutSweeper<Work> {
  readonly #expire: (work: Work) => void;
  readonly #entries = new SlotList<Entry<Work>>();
  #timer: NodeJS.Timeout | null = null;

  /**
   * `expire` brings about the end of late work; it is called at every sweep until `end` is called for that
   * work.
   */
  constructor(expire: (work: Work) => void) {
    this.#expire = expire;
  }

  /** Returns the handle that `end` takes; `timeoutMs` may be infinite. */
  begin(work: Work, timeoutMs: number): number {
    this.#timer ??= setInterval(() => this.#sweep(), sweepIntervalMs).unref();
    return this.#entries.add({ work, expiresAt: performance.now() + timeoutMs });
  }

  /** To be called once for each handle that `begin` returned. */
  end(handle: number): void {
    this.#entries.remove(handle);
  }

  /** The active work. */
  all(): Work[] {
    return this.#entries.members().map(({ work }) => work);
  }

  #sweep(): void {
    const now = performance.now();
    const entries = this.#entries.members();
    if (entries.length === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
    for (const { work, expiresAt } of entries) if (expiresAt <= now) this.#expire(work);
  }
}
