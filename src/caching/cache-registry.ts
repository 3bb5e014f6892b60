import type { Cache } from './cache.ts';
import type { CacheStatistics, InvalidationReport, InvalidationTarget } from './cache-report.ts';
import type { Invalidation, InvalidationListener } from './coherence/coherence.ts';
import type { Generations } from './shared/generations.ts';

/** The operations of a cache that do not depend on the type of its values. */
export type NamedCache = Pick<
  Cache<unknown>,
  'name' | 'invalidateLocally' | 'invalidate' | 'count' | 'statistics'
>;

/** All caches of the process by name, for administration and invalidation. */
export class CacheRegistry implements InvalidationListener {
  readonly #caches: ReadonlyMap<string, NamedCache>;

  readonly #generations: Generations | null;

  /**
   * `generations` belong to the store that the caches share with other processes; null without one.
   * @throws Error when two caches have the same name
   */
  constructor(caches: readonly NamedCache[], generations: Generations | null = null) {
    this.#generations = generations;
    this.#caches = new Map(caches.map((cache) => [cache.name, cache]));
    if (this.#caches.size < caches.length) {
      throw new Error(`Two caches have the same name: ${caches.map((cache) => cache.name).join(', ')}.`);
    }
  }

  find(name: string): NamedCache | null {
    return this.#caches.get(name) ?? null;
  }

  /** All caches in the order of their registration. */
  all(): NamedCache[] {
    return [...this.#caches.values()];
  }

  /**
   * Invalidates in every cache, such as by the tag of a user; returns one report per cache. Never rejects.
   */
  async invalidate(target: InvalidationTarget): Promise<InvalidationReport[]> {
    return Promise.all(this.all().map((cache) => cache.invalidate(target)));
  }

  /**
   * Applies invalidations of other processes before it returns; the shared store is updated in the
   * background.
   */
  invalidated(invalidations: readonly Invalidation[]): void {
    for (const invalidation of invalidations) {
      const reached = 'cache' in invalidation ? [this.find(invalidation.cache)] : this.all();
      for (const cache of reached) cache?.invalidateLocally(targetOf(invalidation));
    }
    this.#generations?.invalidate(invalidations);
  }

  onGap(): void {
    for (const cache of this.all()) cache.invalidateLocally('all');
  }

  statistics(): CacheStatistics[] {
    return this.all().map((cache) => cache.statistics());
  }
}

function targetOf(invalidation: Invalidation): InvalidationTarget {
  if ('tag' in invalidation) return { tag: invalidation.tag };
  return 'key' in invalidation ? { key: invalidation.key } : 'all';
}
