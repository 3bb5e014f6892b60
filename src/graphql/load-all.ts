import type DataLoader from 'dataloader';

/** The value of each key in the order of the keys, null for null and for what does not exist. */
export async function loadAll<Key, Value>(
  loader: DataLoader<Key, Value | null>,
  keys: readonly (Key | null)[],
): Promise<(Value | null)[]> {
  return Promise.all(keys.map(async (key) => (key === null ? null : loader.load(key))));
}

/**
 * As `loadAll`, for what other rows refer to by foreign keys and so must exist.
 * @throws Error for a key without a value
 */
export async function loadPresent<Key, Value>(
  loader: DataLoader<Key, Value | null>,
  keys: readonly Key[],
): Promise<Value[]> {
  const values = await loadAll(loader, keys);
  return values.map((value, index) => {
    if (value === null) throw new Error(`A row refers to ${String(keys[index])}, which cannot be found.`);
    return value;
  });
}
