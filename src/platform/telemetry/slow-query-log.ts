import type { Clock } from '../runtime/clock.ts';
import { previewOf } from './one-line.ts';
import type { Logger } from './logger.ts';
import type { RequestProfile } from './request-stats.ts';

/** While all statements are slow, more lines than this would tell no more and be one more thing that is slow. */
const linesPerSecondMax = 10;

/** Logs statements that take too long, and whose they were; never the values that they were sent with. */
export class SlowQueryLog {
  readonly #thresholdMs: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #second = 0;
  #lines = 0;
  #unlogged = 0;
  #count = 0;

  constructor(options: {
    /** From which duration on; 0 logs none. */
    readonly thresholdMs: number;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.#thresholdMs = options.thresholdMs;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** How many statements were slow, logged or not. */
  get count(): number {
    return this.#count;
  }

  /** `profile` is of the request that the statement was for; null for what no request waited for. */
  note(text: string, durationMs: number, profile: RequestProfile | null): void {
    if (this.#thresholdMs === 0 || durationMs < this.#thresholdMs) return;
    this.#count += 1;
    if (!this.#hasRoom()) {
      this.#unlogged += 1;
      return;
    }
    const unlogged = this.#unlogged;
    this.#unlogged = 0;
    this.#logger.warn(
      {
        statement: previewOf(text),
        durationMs: Math.round(durationMs),
        operation: profile?.operationName ?? null,
        requestId: profile?.requestId ?? null,
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
