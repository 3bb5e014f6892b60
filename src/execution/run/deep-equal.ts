/** Compares argument values: plain objects, arrays and dates by content, anything else by identity. */
export function isDeepEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((entry, index) => isDeepEqual(entry, right[index]));
  }
  if (left instanceof Date && right instanceof Date) return left.getTime() === right.getTime();
  if (!isPlain(left) || !isPlain(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isDeepEqual(left[key], right[key]))
  );
}

/** Returns a hash key: the same for values that `isDeepEqual`, and seldom the same for others. */
export function hashKey(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(hashKey).join()}]`;
  if (value instanceof Date) return String(value.getTime());
  if (isSimple(value)) return String(value);
  if (!isPlain(value)) return typeof value;
  // Sorted, because the order of properties has no meaning.
  const entries = Object.keys(value).toSorted();
  return `{${entries.map((key) => `${key}:${hashKey(value[key])}`).join()}}`;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isSimple(value: unknown): value is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}
