import type DataLoader from 'dataloader';
import { Unavailable } from '../platform/errors.ts';

/** The value of each key in the order of the keys, null for null and for what does not exist. */
export async function loadAll<Key, Value>(
  loader: DataLoader<Key, Value | null>,
  keys: readonly (Key | null)[],
): Promise<(Value | null)[]> {
  return Promise.all(keys.map(async (key) => (key === null ? null : loader.load(key))));
}

/**
 * As `loadAll`, for what other rows refer to by foreign keys: it was there a moment ago.
 * @throws Unavailable for a key without a value: it went away, or came, between two statements
 */
export async function loadPresent<Key, Value>(
  loader: DataLoader<Key, Value | null>,
  keys: readonly Key[],
): Promise<Value[]> {
  const values = await loadAll(loader, keys);
  return values.map((value) => {
    if (value === null) throw new Unavailable('What was asked for changed while it was read; try again.');
    return value;
  });
}
