import { LRUCache } from 'lru-cache';

const bytesMax = 2 * 1024 * 1024;
/** Bytes of a tag beside its characters, measured. */
const tagBytes = 128;

/**
 * The order in which tags were invalidated. `hasOvertaken` answers whether a value has been invalidated since
 * it was read, at a cost that does not depend on the number of entries with the tag.
 */
export class InvalidationLog {
  #sequence = 0;
  /** Everything that was read before this position counts as invalidated. */
  #floor = 0;
  readonly #lastOf: LRUCache<string, number>;

  /**
   * Keeps the newest `tagsMax` tags, or fewer long ones. Everything from before a forgotten tag counts as
   * invalidated: an unnecessary load, never an old value.
   */
  constructor({ tagsMax }: { readonly tagsMax: number }) {
    this.#lastOf = new LRUCache<string, number>({
      max: tagsMax,
      maxSize: bytesMax,
      sizeCalculation: (_sequence, tag) => tagBytes + 2 * tag.length,
      dispose: (sequence, _tag, reason) => {
        if (reason === 'evict') this.#floor = Math.max(this.#floor, sequence);
      },
    });
  }

  /** The number of invalidations so far: the current position. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Invalidates everything with the tag that was read so far. */
  append(tag: string): void {
    this.#sequence += 1;
    this.#lastOf.set(tag, this.#sequence);
    // A tag that exceeds the log alone is not kept.
    if (!this.#lastOf.has(tag)) this.#floor = this.#sequence;
  }

  /** Invalidates everything that was read so far. */
  appendAll(): void {
    this.#sequence += 1;
    this.#floor = this.#sequence;
  }

  /** Returns whether a value with these tags that was read at the position `since` was invalidated later. */
  hasOvertaken(tags: readonly string[], since: number): boolean {
    if (since === this.#sequence) return false;
    if (since < this.#floor) return true;
    // Peeking, because the order of eviction must be that of invalidations, not of reads.
    return tags.some((tag) => (this.#lastOf.peek(tag) ?? 0) > since);
  }
}
