import type { Cache } from '../../caching/cache.ts';
import { warm } from '../../caching/warm.ts';
import type { Warmer } from '../operations/model.ts';
import type { Settings } from './model.ts';
import type { SettingQueries } from './queries.ts';

/** Loaders of the settings for a request, from the shared cache. */
export interface SettingLoaders {
  current(): Promise<Settings>;
}

/** The only key in the cache of settings. */
const settingsKey = 'app';

/** Creates the loaders of settings for one request. */
export function createSettingLoaders(queries: SettingQueries, settings: Cache<Settings>): SettingLoaders {
  return {
    async current() {
      const current = await settings.get(settingsKey, () => queries.find());
      if (current === null) throw new Error('The table app_settings has no row.');
      return current;
    },
  };
}

/** Preloads the settings into the cache. */
export function createSettingWarmer(queries: SettingQueries, settings: Cache<Settings>): Warmer {
  return {
    cache: settings.name,
    warm: () => warm(settings, [settingsKey], async () => new Map([[settingsKey, await queries.find()]])),
  };
}
