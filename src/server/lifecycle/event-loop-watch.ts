import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

/** How often the clock of the measurement ticks, in milliseconds; what it is late is the delay. */
const resolutionMs = 20;
const sampleEveryMs = 250;
/** So many samples in a row: one long collection of garbage, or a burst of a moment, is no overload. */
const samplesInARow = 3;

/** Whether the process has more to do than it can, by how late its event loop is. */
export class EventLoopWatch {
  readonly #delayMaxMs: number;
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #lateSamples = 0;

  /** `delayMaxMs` is the mean delay from which on it is too much; 0 never is. */
  constructor(delayMaxMs: number) {
    this.#delayMaxMs = delayMaxMs;
  }

  get isOverloaded(): boolean {
    return this.#lateSamples >= samplesInARow;
  }

  /** Begins to measure; the returned function ends it. */
  start(): () => void {
    if (this.#delayMaxMs === 0) return () => {};
    this.#histogram.enable();
    const timer = setInterval(() => this.#sample(), sampleEveryMs).unref();
    return () => {
      clearInterval(timer);
      this.#histogram.disable();
    };
  }

  #sample(): void {
    const delayMs = this.#histogram.mean / 1e6 - resolutionMs;
    this.#histogram.reset();
    this.#lateSamples = delayMs > this.#delayMaxMs ? this.#lateSamples + 1 : 0;
  }
}
