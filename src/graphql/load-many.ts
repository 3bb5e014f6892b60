import type DataLoader from 'dataloader';
import { Unavailable } from '../platform/errors.ts';

/** Finds the values of keys, at once where it can. */
export type FindAll<Key, Value> = (
  keys: readonly Key[],
) => readonly (Value | null)[] | Promise<readonly (Value | null)[]>;

/** The value of each key in the order of the keys, null for null and for what does not exist; at once where `find` can. */
export function findAll<Key, Value>(
  find: FindAll<Key, Value>,
  keys: readonly (Key | null)[],
): readonly (Value | null)[] | Promise<readonly (Value | null)[]> {
  const places = new Map<Key, number>();
  for (const key of keys) if (key !== null && !places.has(key)) places.set(key, places.size);
  const inOrder = (values: readonly (Value | null)[]) =>
    keys.map((key) => (key === null ? null : (values[places.get(key) ?? -1] ?? null)));
  const found = find([...places.keys()]);
  return found instanceof Promise ? found.then(inOrder) : inOrder(found);
}

/** As `findAll`, by a loader. */
async function loadAll<Key, Value>(
  loader: DataLoader<Key, Value | null>,
  keys: readonly (Key | null)[],
): Promise<readonly (Value | null)[]> {
  return findAll<Key, Value>((distinct) => Promise.all(distinct.map((key) => loader.load(key))), keys);
}

/**
 * As `findAll`, for what other rows refer to by foreign keys: it was there a moment ago.
 * @throws Unavailable for a key without a value: it went away, or came, between two statements
 */
export function findPresent<Key, Value>(
  find: FindAll<Key, Value>,
  keys: readonly Key[],
): readonly Value[] | Promise<readonly Value[]> {
  const found = findAll(find, keys);
  return found instanceof Promise ? found.then(requirePresent) : requirePresent(found);
}

/** As `findPresent`, by a loader. */
export async function loadPresent<Key, Value>(
  loader: DataLoader<Key, Value | null>,
  keys: readonly Key[],
): Promise<readonly Value[]> {
  return requirePresent(await loadAll(loader, keys));
}

function requirePresent<Value>(values: readonly (Value | null)[]): Value[] {
  return values.map((value) => {
    if (value === null) throw new Unavailable('What was asked for changed while it was read; try again.');
    return value;
  });
}
