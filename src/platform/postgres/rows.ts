/** The columns of a row that are read: the commonly selected ones, or all. */
export type Projection = 'summary' | 'full';

/** Returns the row of each key in the order of the keys; null for a key without a row. */
export function byKeys<Key, Row>(
  keys: readonly Key[],
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
): (Row | null)[] {
  const rowByKey = new Map(rows.map((row) => [keyOf(row), row]));
  return keys.map((key) => rowByKey.get(key) ?? null);
}

/** Returns the rows of each key in the order of the keys; the rows of a key keep their order. */
export function groupsByKeys<Key, Row>(
  keys: readonly Key[],
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
): Row[][] {
  const rowsByKey = new Map(keys.map((key): [Key, Row[]] => [key, []]));
  for (const row of rows) rowsByKey.get(keyOf(row))?.push(row);
  return keys.map((key) => rowsByKey.get(key) ?? []);
}
