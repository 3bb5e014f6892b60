import { LRUCache } from 'lru-cache';

/**
 * The order in which tags were invalidated. It answers whether a value that was read at some position has
 * been invalidated since, at a cost that does not depend on the number of entries with the tag.
 *
 * The newest `tagsMax` tags are kept. Of older ones only the last position is known, and everything from
 * before it counts as invalidated: an unnecessary load, never an old value.
 */
export class InvalidationLog {
  #sequence = 0;
  /** Everything that was read before this position counts as invalidated. */
  #floor = 0;
  readonly #lastOf: LRUCache<string, number>;

  constructor(options: { tagsMax: number }) {
    this.#lastOf = new LRUCache<string, number>({
      max: options.tagsMax,
      dispose: (sequence, _mark, reason) => {
        if (reason === 'evict') this.#floor = Math.max(this.#floor, sequence);
      },
    });
  }

  /** The number of invalidations so far: the current position. */
  get sequence(): number {
    return this.#sequence;
  }

  append(tag: string): void {
    this.#sequence += 1;
    this.#lastOf.set(tag, this.#sequence);
  }

  /** Invalidates everything that was read so far. */
  appendAll(): void {
    this.#sequence += 1;
    this.#floor = this.#sequence;
  }

  /** Whether a value with these tags that was read at the position `since` was invalidated later. */
  hasOvertaken(tags: readonly string[], since: number): boolean {
    if (since === this.#sequence) return false;
    if (since < this.#floor) return true;
    // Peeking, because the order of eviction must be that of invalidations, not of reads.
    return tags.some((tag) => (this.#lastOf.peek(tag) ?? 0) > since);
  }
}
