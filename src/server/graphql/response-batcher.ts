/** The longest that an answer waits for others, in milliseconds: no longer than one of them takes. */
const heldMsMax = 1;

/**
 * Sends what was answered in one turn of the event loop together, at its end. To send to somebody who sleeps wakes them up, and where they are
 * on the same machine that takes longer than to send; of answers that go out one right after the other only the first has to.
 */
export class ResponseBatcher {
  readonly #now: () => number;
  #held: (() => void)[] = [];
  #heldSince = 0;

  /** `now` is in milliseconds. */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Calls it soon: when what is ready has been worked on, or has taken too long. It must not throw. */
  put(send: () => void): void {
    const now = this.#now();
    if (this.#held.length === 0) {
      this.#heldSince = now;
      setImmediate(() => this.#release());
    }
    this.#held.push(send);
    if (now - this.#heldSince >= heldMsMax) this.#release();
  }

  /** In whichever request's async context: what is sent must know by itself whose answer it is. */
  #release(): void {
    const held = this.#held;
    this.#held = [];
    for (const send of held) {
      try {
        send();
      } catch (error) {
        // It ends the process, but takes no other answer along, and is not taken for the fault of whoever came last.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
