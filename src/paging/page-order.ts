import type { Ordering } from './paged-list.ts';

/**
 * Whether a page's rows are put into the list's order here. PostgreSQL has them in order, or in the reverse of it, when it has found them;
 * to be told so it sorts them once more with all that is in them, which takes a quarter of its time. Texts only PostgreSQL can
 * order, by its collation, and of a real it may have been told to send fewer digits than there are.
 */
export function isSortedHere<Row>({ columns }: Ordering<Row>): boolean {
  return columns.every(({ type }) => type !== 'text' && type !== 'real');
}

/** Puts rows in the list's order. Of rows that are in order, or in reverse, each is looked at once. */
export function sortHere<Row>(rows: Row[], { columns, direction }: Ordering<Row>): void {
  const sign = direction === 'asc' ? 1 : -1;
  rows.sort((left, right) => {
    for (const { name } of columns) {
      const one = sortingValue(left[name]);
      const other = sortingValue(right[name]);
      if (one < other) return -sign;
      if (one > other) return sign;
    }
    return 0;
  });
}

/** A Date would be asked for its number by way of all that it could be. */
function sortingValue<Value>(value: Value): Value | number {
  return value instanceof Date ? value.getTime() : value;
}
