import type { Cache } from '../../caching/cache.ts';
import { warm } from '../../caching/warm.ts';
import type { Warmer } from '../operations/model.ts';
import type { Model } from './model.ts';
import type { ModelQueries } from './queries.ts';

/** Loaders of models for a request, from the shared cache, which holds the whole list. */
export interface ModelLoaders {
  /** Lists models by name, all or only the enabled ones. */
  list(includeDisabled: boolean): Promise<readonly Model[]>;
  /** Returns models in the order of the slugs; null for null and for unknown slugs. */
  bySlugs(slugs: readonly (string | null)[]): Promise<(Model | null)[]>;
}

/** Creates the loaders of language models for one request. */
export function createModelLoaders(queries: ModelQueries, models: Cache<readonly Model[]>): ModelLoaders {
  const all = async () => (await models.get('all', () => queries.all())) ?? [];
  // Not cached separately: a list derived from a stale value would look fresh while the database is
  // unreachable.
  const enabled = async () => (await all()).filter((model) => model.isEnabled);

  return {
    list: (includeDisabled) => (includeDisabled ? all() : enabled()),
    async bySlugs(slugs) {
      if (slugs.every((slug) => slug === null)) return slugs.map(() => null);
      const modelBySlug = new Map((await all()).map((model) => [model.slug, model]));
      return slugs.map((slug) => (slug === null ? null : (modelBySlug.get(slug) ?? null)));
    },
  };
}

/** Preloads the models into the cache. */
export function createModelWarmer(queries: ModelQueries, models: Cache<readonly Model[]>): Warmer {
  return {
    cache: models.name,
    warm: () => warm(models, ['all'], async () => new Map([['all', await queries.all()]])),
  };
}
