const pauseMs = 250;
const openMs = 1000;

/**
 * Stops readers that have a last known value from waiting for an unavailable source. While it is open, one
 * load at a time probes the source.
 */
export class CircuitBreaker {
  #openUntil = 0;
  #pausedUntil = 0;
  #probes = 0;

  /** Returns whether a load has just failed because the source is unavailable, so that the next would too. */
  isOpen(now: number): boolean {
    return now < this.#openUntil || (this.#probes > 0 && this.#openUntil > 0);
  }

  /** Returns whether it was closed: the first failure since the last success. */
  open(now: number): boolean {
    const wasClosed = this.#openUntil === 0;
    this.#openUntil = now + openMs;
    this.#pausedUntil = now + pauseMs;
    return wasClosed;
  }

  close(): void {
    this.#openUntil = 0;
  }

  /** Returns whether a background load may start: not right after a failure, and one at a time while open. */
  mayProbe(now: number): boolean {
    return now >= this.#pausedUntil && !(this.#probes > 0 && this.isOpen(now));
  }

  /** Waits for a background load; its failure pauses later ones. */
  async probe(load: Promise<unknown>, clock: { now(): number }): Promise<void> {
    this.#probes += 1;
    try {
      await load;
    } catch (error) {
      this.#pausedUntil = clock.now() + pauseMs;
      throw error;
    } finally {
      this.#probes -= 1;
    }
  }
}
