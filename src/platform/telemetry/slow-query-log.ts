import type { Clock } from '../runtime/clock.ts';
import { oneLine } from './one-line.ts';
import type { Logger } from './logger.ts';
import type { RequestStats } from './request-stats.ts';

/** A bound for the time when all statements are slow: more lines would add load but no information. */
const linesPerSecondMax = 10;

/** Logs slow statements with their requests, and never the values of parameters. */
export class SlowQueryLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #second = 0;
  #lines = 0;
  #unlogged = 0;
  #count = 0;

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** The number of slow statements, logged or not. */
  get count(): number {
    return this.#count;
  }

  /** Counts and logs a slow statement; `request` is undefined for a statement without a request. */
  note(text: string, durationMs: number, request: RequestStats | undefined): void {
    this.#count += 1;
    if (!this.#hasRoom()) {
      this.#unlogged += 1;
      return;
    }
    const unlogged = this.#unlogged;
    this.#unlogged = 0;
    this.#logger.warn(
      {
        statement: oneLine(text),
        durationMs: Math.round(durationMs),
        operation: request?.operationName ?? null,
        requestId: request?.requestId ?? null,
        ...(unlogged > 0 && { unlogged }),
      },
      'a statement was slow',
    );
  }

  #hasRoom(): boolean {
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = 0;
    }
    this.#lines += 1;
    return this.#lines <= linesPerSecondMax;
  }
}
