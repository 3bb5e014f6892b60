import type DataLoader from 'dataloader';
import { Unavailable } from '../platform/errors.ts';
import { fromPublicId } from '../platform/ids.ts';

type MaybePromise<Value> = Value | Promise<Value>;

/** A loader of one value per key, or a function of many keys, which may return synchronously. */
export type ValueSource<Key, Value> =
  | Pick<DataLoader<Key, Value | null>, 'load'>
  | ((keys: readonly Key[]) => MaybePromise<readonly (Value | null)[]>);

/**
 * Loads the value of each key, in the order of the keys; null for a null key and for a value that does not
 * exist.
 */
export function loadMany<Key, Value>(
  source: ValueSource<Key, Value>,
  keys: readonly (Key | null)[],
): MaybePromise<readonly (Value | null)[]> {
  const indexByKey = new Map<Key, number>();
  for (const key of keys) if (key !== null && !indexByKey.has(key)) indexByKey.set(key, indexByKey.size);
  const inOrder = (values: readonly (Value | null)[]) =>
    keys.map((key) => (key === null ? null : (values[indexByKey.get(key) ?? -1] ?? null)));
  const distinct = [...indexByKey.keys()];
  const found =
    typeof source === 'function' ? source(distinct) : Promise.all(distinct.map((key) => source.load(key)));
  return found instanceof Promise ? found.then(inOrder) : inOrder(found);
}

/**
 * As `loadMany`, for keys that come from foreign keys of rows that were just read.
 * @throws Unavailable for a key without a value: the row was deleted or inserted between two statements
 */
export function loadManyOrThrow<Key, Value>(
  source: ValueSource<Key, Value>,
  keys: readonly Key[],
): MaybePromise<readonly Value[]> {
  const found = loadMany(source, keys);
  return found instanceof Promise ? found.then(requireAll) : requireAll(found);
}

/** Loads an object by its public ID; null for an ID of another type. */
export async function loadByPublicId<Value>(
  loader: Pick<DataLoader<string, Value | null>, 'load'>,
  prefix: string,
  publicId: string,
): Promise<Value | null> {
  const id = fromPublicId(prefix, publicId);
  return id === null ? null : loader.load(id);
}

function requireAll<Value>(values: readonly (Value | null)[]): Value[] {
  return values.map((value) => {
    if (value === null) throw new Unavailable('The requested data changed while being read; try again.');
    return value;
  });
}
