import type { Cache } from './cache.ts';
import type { LoadMissing } from './loading/entry-loader.ts';

/** Loads the missing keys; returns the number of values that were loaded. */
export async function warm<Value>(
  cache: Pick<Cache<Value>, 'getMany'>,
  keys: readonly string[],
  load: LoadMissing<Value>,
): Promise<number> {
  let loaded = 0;
  await cache.getMany(keys, async (missing) => {
    const values = await load(missing);
    for (const value of values.values()) loaded += value === null ? 0 : 1;
    return values;
  });
  return loaded;
}
