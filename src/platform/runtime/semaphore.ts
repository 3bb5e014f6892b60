import { Unavailable } from '../errors.ts';

/** Lets only so many works of a kind go on at once; the others wait for their turn, in the order in which they came. */
export class Turns {
  readonly #atOnceMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(options: { readonly atOnceMax: number; readonly waitingMax: number }) {
    this.#atOnceMax = options.atOnceMax;
    this.#waitingMax = options.waitingMax;
  }

  /** Answers or rejects as the work does. @throws Unavailable when too many are waiting already */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.#turn();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The turn is handed on rather than given up: somebody who comes just now must not overtake those who wait.
      if (next === undefined) this.#underWay -= 1;
      else next();
    }
  }

  async #turn(): Promise<void> {
    if (this.#underWay < this.#atOnceMax) {
      this.#underWay += 1;
      return;
    }
    if (this.#waiting.length >= this.#waitingMax) throw new Unavailable();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
