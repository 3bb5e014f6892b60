import { pino, type DestinationStream } from 'pino';

/** A destination that may write lines later, and writes all of them in `flushSync`. */
type Destination = Pick<ReturnType<typeof pino.destination>, 'write' | 'flush' | 'flushSync'>;

/** The number of buffered characters that triggers a write. */
export const bufferedCharactersMax = 65_536;
/** The longest time that a line waits in the buffer, in milliseconds. */
export const bufferedMsMax = 100;
/** pino's number for `warn`. */
const warningLevel = 40;

/**
 * Buffers log lines, because a write costs as much as answering a request from a cache; warnings, errors and
 * the exit of the process write the buffer. Only a killed or out-of-memory process loses the lines of the
 * last moment.
 */
// Not pino's own `minLength`, which measures the whole buffer for each line and costs 4 to 10 µs more.
export class BufferedStream implements DestinationStream {
  /** Makes pino set `lastLevel`. */
  readonly [pino.symbols.needsMetadataGsym] = true;
  /** The level of the line that is written next. */
  lastLevel = 0;
  readonly #destination: Destination;
  #buffer = '';
  #timer: NodeJS.Timeout | null = null;

  constructor(destination: Destination) {
    this.#destination = destination;
  }

  write(line: string): void {
    this.#buffer += line;
    if (this.lastLevel >= warningLevel || this.#buffer.length >= bufferedCharactersMax) this.#flush();
    else if (this.#timer === null) this.#startTimer();
  }

  /** Called when the process exits, and by pino after a fatal line. */
  readonly flushSync = (): void => {
    this.#release();
    this.#destination.flushSync();
  };

  /**
   * The timer keeps the process alive: pino would otherwise have closed the destination before the last
   * lines.
   */
  #startTimer(): void {
    this.#timer = setTimeout(() => this.#flush(), bufferedMsMax);
    process.once('exit', this.flushSync);
  }

  #flush(): void {
    this.#release();
    this.#destination.flush();
  }

  #release(): void {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
      process.off('exit', this.flushSync);
    }
    const lines = this.#buffer;
    this.#buffer = '';
    if (lines !== '') this.#destination.write(lines);
  }
}
