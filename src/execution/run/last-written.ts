import type { RunState, ValuePlan } from '../plan/plan.ts';

/** Enough for the authors in a list of messages: two in dialogue, and a few more. */
const rememberedMax = 4;

/** The last few objects that were written at one place, with the results. */
export class LastWritten {
  readonly #sources: unknown[] = [];
  readonly #written: unknown[] = [];
  readonly #bytes: number[] = [];
  #oldest = 0;

  /** Returns the result of an object; writes it if it is not among the last few. */
  complete(source: unknown, complete: ValuePlan['complete'], run: RunState): unknown {
    const known = this.#sources.indexOf(source);
    if (known !== -1) {
      run.size.add(this.#bytes[known] ?? 0);
      return this.#written[known];
    }
    const before = run.size.bytes;
    const written = complete(source, run);
    this.#sources[this.#oldest] = source;
    this.#written[this.#oldest] = written;
    this.#bytes[this.#oldest] = run.size.bytes - before;
    this.#oldest = (this.#oldest + 1) % rememberedMax;
    return written;
  }
}
