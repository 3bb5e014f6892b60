import { LRUCache } from 'lru-cache';

/**
 * Which marks were invalidated, and in which order: enough to tell whether something that was read at some point has
 * been overtaken since, whatever the number of things that carry the tag.
 *
 * It remembers the newest `tagsMax` tags. For the older ones it remembers only the last point at which one of them
 * was invalidated, and counts everything from before that point as overtaken: a needless load, never an old value.
 */
export class InvalidationLog {
  #sequence = 0;
  /** What was read before this point is overtaken whatever its tags. */
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

  /** How many invalidations there have been: the present point in their order. */
  get sequence(): number {
    return this.#sequence;
  }

  append(tag: string): void {
    this.#sequence += 1;
    this.#lastOf.set(tag, this.#sequence);
  }

  /** Overtakes everything that was read until now. */
  appendAll(): void {
    this.#sequence += 1;
    this.#floor = this.#sequence;
  }

  /** Whether something with these tags, read at the point `since`, has been invalidated after it. */
  hasOvertaken(tags: readonly string[], since: number): boolean {
    if (since === this.#sequence) return false;
    if (since < this.#floor) return true;
    // Peeking, because the order of eviction must be the order of the invalidations, not of the questions.
    return tags.some((tag) => (this.#lastOf.peek(tag) ?? 0) > since);
  }
}
