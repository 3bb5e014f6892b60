const pauseMs = 250;
const outageMs = 1000;

/**
 * What a cache knows about its source from the loads that failed. While the source is away, whoever has a last value
 * is not made to wait for another failure; one load at a time finds out when it is back.
 */
export class Outage {
  #awayUntil = 0;
  #pausedUntil = 0;
  #probes = 0;

  /** Whether a load failed so shortly ago, because the source could answer nobody, that the next one would too. */
  isOn(now: number): boolean {
    return now < this.#awayUntil || (this.#probes > 0 && this.#awayUntil > 0);
  }

  /** Answers whether this is news: no load has succeeded since the one that was. */
  begin(now: number): boolean {
    const isNews = this.#awayUntil === 0;
    this.#awayUntil = now + outageMs;
    this.#pausedUntil = now + pauseMs;
    return isNews;
  }

  end(): void {
    this.#awayUntil = 0;
  }

  /** Whether a load may begin in the background: not right after one that failed, and one at a time in an outage. */
  mayProbe(now: number): boolean {
    return now >= this.#pausedUntil && !(this.#probes > 0 && this.isOn(now));
  }

  /** Waits for a load in the background; its failure pauses those to come. */
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
