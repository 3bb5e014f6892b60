import { markOfAll } from './tags.ts';

/** Marks that this process knows to have ended, and that the shared store has not yet confirmed. */
export class PendingMarks {
  /** The place of each one's last invalidation in their order. */
  readonly #sequences = new Map<string, number>();
  readonly #sizeMax: number;
  #sequence = 0;

  constructor(options: { readonly sizeMax: number }) {
    this.#sizeMax = options.sizeMax;
  }

  /** How many invalidations there have been. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Tells whether one of some marks was pending at the moment of the call. */
  snapshot(): (marks: readonly string[]) => boolean {
    if (this.#sequences.size === 0) return () => false;
    const pending = new Set(this.#sequences.keys());
    return (marks) => pending.has(markOfAll) || marks.some((mark) => pending.has(mark));
  }

  /** Where there are too many, everything in the store is pending in their place. */
  add(mark: string): void {
    this.#sequence += 1;
    if (this.#sequences.size >= this.#sizeMax && !this.#sequences.has(mark)) {
      this.#sequences.clear();
      this.#sequences.set(markOfAll, this.#sequence);
    }
    this.#sequences.set(mark, this.#sequence);
  }

  /** At most so many of those that were last invalidated by then, the first ones first. */
  upTo(sequence: number, count: number): [mark: string, sequence: number][] {
    const due: [string, number][] = [];
    for (const [mark, last] of this.#sequences) {
      if (due.length === count) break;
      if (last <= sequence) due.push([mark, last]);
    }
    return due;
  }

  /** What was invalidated again meanwhile stays pending. */
  confirm(confirmed: readonly (readonly [mark: string, sequence: number])[]): void {
    for (const [mark, sequence] of confirmed) {
      if (this.#sequences.get(mark) === sequence) this.#sequences.delete(mark);
    }
  }

  clear(): void {
    this.#sequences.clear();
  }
}
