import { everythingTag } from './tags.ts';

/** A longer tag is replaced by the tag of everything, so that a count of tags bounds their bytes. */
const tagLengthMax = 500;

/** Tags that were invalidated and not yet confirmed by the shared store. */
export class PendingTags {
  /** By tag: the sequence number of its last invalidation. */
  readonly #sequences = new Map<string, number>();
  readonly #sizeMax: number;
  #sequence = 0;

  constructor(options: { readonly sizeMax: number }) {
    this.#sizeMax = options.sizeMax;
  }

  /** The number of invalidations so far. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Returns a test for tags that were pending at the time of the call. */
  snapshot(): (tags: readonly string[]) => boolean {
    if (this.#sequences.size === 0) return () => false;
    const pending = new Set(this.#sequences.keys());
    return (tags) => pending.has(everythingTag) || tags.some((tag) => pending.has(tag));
  }

  /** Adds a tag; beyond the bound, all tags are replaced by the tag of everything. */
  add(tag: string): void {
    this.#sequence += 1;
    if (this.#sequences.has(tag) || (this.#sequences.size < this.#sizeMax && tag.length <= tagLengthMax)) {
      this.#sequences.set(tag, this.#sequence);
      return;
    }
    this.#sequences.clear();
    this.#sequences.set(everythingTag, this.#sequence);
  }

  /** Up to `count` tags that were last invalidated at or before `sequence`, oldest first. */
  upTo(sequence: number, count: number): [tag: string, sequence: number][] {
    const due: [string, number][] = [];
    for (const [tag, last] of this.#sequences) {
      if (due.length === count) break;
      if (last <= sequence) due.push([tag, last]);
    }
    return due;
  }

  /** Removes confirmed tags, except for those that were invalidated again. */
  confirm(confirmed: readonly (readonly [tag: string, sequence: number])[]): void {
    for (const [tag, sequence] of confirmed) {
      if (this.#sequences.get(tag) === sequence) this.#sequences.delete(tag);
    }
  }

  clear(): void {
    this.#sequences.clear();
  }
}
