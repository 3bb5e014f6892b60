import type { Cache } from '../../caching/cache.ts';
import { warm } from '../../caching/warm.ts';
import type { Warmer } from '../operations/model.ts';
import type { Model } from './model.ts';
import type { ModelQueries } from './queries.ts';

/** Loaders of models for a request, from the shared cache, which holds the whole list. */
export interface ModelLoaders {
  /** All of them by name, or only those that can be used. */
  list(includeDisabled: boolean): Promise<readonly Model[]>;
  /** Returns models in the order of the slugs; null for null and for unknown slugs. */
  bySlugs(slugs: readonly (string | null)[]): Promise<(Model | null)[]>;
}

export function createModelLoaders(queries: ModelQueries, models: Cache<readonly Model[]>): ModelLoaders {
  const all = async () => (await models.get('all', () => queries.all())) ?? [];
  // Not remembered beside all of them: made from a last value, it would pass for news from a database that is away.
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

/** Loads the models before anybody asks. */
export function createModelWarmer(queries: ModelQueries, models: Cache<readonly Model[]>): Warmer {
  return {
    cache: models.name,
    warm: () => warm(models, ['all'], async () => new Map([['all', await queries.all()]])),
  };
}
