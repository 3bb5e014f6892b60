import type { DestinationStream } from 'pino';
import { pino } from 'pino';

/** Where lines end up; it may write later what `write` was given, and by `flushSync` has. */
type Destination = Pick<ReturnType<typeof pino.destination>, 'write' | 'flush' | 'flushSync'>;

/** Characters of lines that wait for more of them. */
export const heldCharactersMax = 65_536;
/** How long lines wait at the most, in milliseconds. */
export const heldMsMax = 100;
/** pino's number for `warn`. */
const warningLevel = 40;

/**
 * Passes a logger's lines on in bundles, because each write costs as much as answering from a cache. What is a warning or worse
 * is passed on at once, with what came before it, and at the end of the process what is left. Lost are, when the process is
 * killed or runs out of memory, the lines of the last moment.
 */
export class HeldLines implements DestinationStream {
  /** Asks pino for `lastLevel`. */
  readonly [pino.symbols.needsMetadataGsym] = true;
  /** Of the line that is written next. */
  lastLevel = 0;
  readonly #destination: Destination;
  #held = '';
  #timer: NodeJS.Timeout | null = null;

  constructor(destination: Destination) {
    this.#destination = destination;
  }

  write(line: string): void {
    this.#held += line;
    if (this.lastLevel >= warningLevel || this.#held.length >= heldCharactersMax) this.#passOn();
    else if (this.#timer === null) this.#wait();
  }

  /** At the end of the process, and called by pino after what is fatal. */
  readonly flushSync = (): void => {
    this.#release();
    this.#destination.flushSync();
  };

  /** Not with a timer that lets the process end: pino would have closed the destination then. */
  #wait(): void {
    this.#timer = setTimeout(() => this.#passOn(), heldMsMax);
    process.once('exit', this.flushSync);
  }

  #passOn(): void {
    this.#release();
    this.#destination.flush();
  }

  #release(): void {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
      process.off('exit', this.flushSync);
    }
    const lines = this.#held;
    this.#held = '';
    if (lines !== '') this.#destination.write(lines);
  }
}
