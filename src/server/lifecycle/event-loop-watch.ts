import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

/** The interval of the measuring timer in milliseconds; the delay is the time by which the timer is late. */
const resolutionMs = 20;
const sampleEveryMs = 250;
/** The number of late samples in a row that is an overload: a single garbage collection or burst is none. */
const samplesInARow = 3;

/** Detects an overloaded process by the delay of its event loop. */
export class EventLoopWatch {
  isOverloaded = false;
  readonly #delayMaxMs: number;
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #lateSamples = 0;

  /** `delayMaxMs` is the mean delay from which the process is overloaded; 0 for never. */
  constructor(delayMaxMs: number) {
    this.#delayMaxMs = delayMaxMs;
  }

  /** Starts to measure; the returned function stops that. */
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
    this.isOverloaded = this.#lateSamples >= samplesInARow;
  }
}
