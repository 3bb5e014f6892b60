import type { Cache } from './cache.ts';
import type { CacheStatistics, InvalidationReport, InvalidationTarget } from './cache-report.ts';
import type { Invalidation, InvalidationListener } from './coherence.ts';

/** What can be done with a cache without knowing what it holds. */
export type NamedCache<Name extends string = string> = Pick<
  Cache<unknown, Name>,
  'name' | 'invalidate' | 'count' | 'statistics'
>;

/** All caches of the process, by name: for those who look after them, not for those who read from them. */
export class CacheRegistry<Name extends string = string> implements InvalidationListener {
  readonly #caches: ReadonlyMap<string, NamedCache<Name>>;

  /** @throws Error when two caches have the same name */
  constructor(caches: readonly NamedCache<Name>[]) {
    this.#caches = new Map(caches.map((cache) => [cache.name, cache]));
    if (this.#caches.size < caches.length) {
      throw new Error(`Two caches have the same name: ${caches.map((cache) => cache.name).join(', ')}.`);
    }
  }

  find(name: string): NamedCache<Name> | null {
    return this.#caches.get(name) ?? null;
  }

  /** Every cache, in the order of their registration. */
  all(): NamedCache<Name>[] {
    return [...this.#caches.values()];
  }

  /** In every cache, such as by the tag of a user or a tenant; one report for each cache. Never rejects. */
  async invalidate(target: InvalidationTarget): Promise<InvalidationReport<Name>[]> {
    return Promise.all(this.all().map((cache) => cache.invalidate(target)));
  }

  /** What ended elsewhere. It has ended here when this returns: what a cache does after that, it does to free memory. */
  invalidated(invalidations: readonly Invalidation[]): void {
    for (const invalidation of invalidations) {
      if ('tag' in invalidation) void this.invalidate({ tag: invalidation.tag });
      else if ('key' in invalidation)
        void this.find(invalidation.cache)?.invalidate({ key: invalidation.key });
      else void this.find(invalidation.cache)?.invalidate('all');
    }
  }

  missed(): void {
    void this.invalidate('all');
  }

  statistics(): CacheStatistics<Name>[] {
    return this.all().map((cache) => cache.statistics());
  }
}
