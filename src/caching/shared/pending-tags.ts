import { everythingTag } from './tags.ts';

/** Marks that this process knows to have ended, and that the shared store has not yet confirmed. */
export class PendingTags {
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
  snapshot(): (tags: readonly string[]) => boolean {
    if (this.#sequences.size === 0) return () => false;
    const pending = new Set(this.#sequences.keys());
    return (tags) => pending.has(everythingTag) || tags.some((tag) => pending.has(tag));
  }

  /** Where there are too many, everything in the store is pending in their keySpace. */
  add(tag: string): void {
    this.#sequence += 1;
    if (this.#sequences.size >= this.#sizeMax && !this.#sequences.has(tag)) {
      this.#sequences.clear();
      this.#sequences.set(everythingTag, this.#sequence);
    }
    this.#sequences.set(tag, this.#sequence);
  }

  /** At most so many of those that were last invalidated by then, the first ones first. */
  upTo(sequence: number, count: number): [tag: string, sequence: number][] {
    const due: [string, number][] = [];
    for (const [tag, last] of this.#sequences) {
      if (due.length === count) break;
      if (last <= sequence) due.push([tag, last]);
    }
    return due;
  }

  /** What was invalidated again meanwhile stays pending. */
  confirm(confirmed: readonly (readonly [tag: string, sequence: number])[]): void {
    for (const [tag, sequence] of confirmed) {
      if (this.#sequences.get(tag) === sequence) this.#sequences.delete(tag);
    }
  }

  clear(): void {
    this.#sequences.clear();
  }
}
