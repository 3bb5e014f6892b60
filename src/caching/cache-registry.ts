import type { Cache } from './cache.ts';
import type { CacheStatistics, InvalidationReport, InvalidationTarget } from './cache-report.ts';
import type { Invalidation, InvalidationListener } from './coherence/coherence.ts';
import type { Generations } from './shared/generations.ts';

/** What can be done with a cache without knowing what it holds. */
export type NamedCache = Pick<
  Cache<unknown>,
  'name' | 'invalidateLocally' | 'invalidate' | 'count' | 'statistics'
>;

/** All caches of the process, by name: for those who look after them, not for those who read from them. */
export class CacheRegistry implements InvalidationListener {
  readonly #caches: ReadonlyMap<string, NamedCache>;

  readonly #generations: Generations | null;

  /**
   * `generations` are of the store that the caches share with other processes, where there is one.
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

  /** Every cache, in the order of their registration. */
  all(): NamedCache[] {
    return [...this.#caches.values()];
  }

  /** In every cache, such as by the tag of a user or a tenant; one report for each cache. Never rejects. */
  async invalidate(target: InvalidationTarget): Promise<InvalidationReport[]> {
    return Promise.all(this.all().map((cache) => cache.invalidate(target)));
  }

  /** What ended elsewhere. It has ended here when this returns; a shared store is told in the background. */
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
