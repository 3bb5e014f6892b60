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
  // Slots that are used again, not a Set: whenever a Set outgrows its table, V8 leaves that table behind,
  // pointing to its former members and to the next table. Once one such table is in the old generation, it
  // keeps all that follow alive until a full collection.
  readonly #entries: (Entry<Work> | null)[] = [];
  readonly #freeSlots: number[] = [];
  #timer: NodeJS.Timeout | null = null;

  /**
   * `expire` brings about the end of late work; it is called at every sweep until `end` is called for that
   * work.
   */
  constructor(expire: (work: Work) => void) {
    this.#expire = expire;
  }

  /** Returns the slot that `end` takes; `timeoutMs` may be infinite. */
  begin(work: Work, timeoutMs: number): number {
    this.#timer ??= setInterval(() => this.#sweep(), sweepIntervalMs).unref();
    const slot = this.#freeSlots.pop() ?? this.#entries.length;
    this.#entries[slot] = { work, expiresAt: performance.now() + timeoutMs };
    return slot;
  }

  /** To be called once for each slot that `begin` returned. */
  end(slot: number): void {
    this.#entries[slot] = null;
    this.#freeSlots.push(slot);
  }

  /** The active work. */
  all(): Work[] {
    return this.#active().map(({ work }) => work);
  }

  #active(): Entry<Work>[] {
    return this.#entries.filter((entry) => entry !== null);
  }

  #sweep(): void {
    const now = performance.now();
    const entries = this.#active();
    if (entries.length === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
    for (const { work, expiresAt } of entries) if (expiresAt <= now) this.#expire(work);
  }
}
