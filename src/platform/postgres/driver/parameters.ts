/** A value as it is sent to PostgreSQL: text in PostgreSQL's notation, bytes, or null. */
export type Parameter = string | Buffer | null;

/**
 * Matches array elements that need no quotes; the word null needs quotes, as it means null otherwise.
 */
const unquotedElement = /^(?!null$)[\w-]+$/i;

/**
 * Converts a value by the rules of pg: lists become arrays, other objects JSON.
 * @throws TypeError for a value that no column can hold, RangeError for an invalid date
 */
export function parameterFrom(value: unknown): Parameter {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return arrayFrom(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === 'object') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return String(value);
  }
  throw new TypeError(`A statement cannot have a ${typeof value} as a value.`);
}

function arrayFrom(values: readonly unknown[]): string {
  return `{${values.map(elementFrom).join(',')}}`;
}

function elementFrom(value: unknown): string {
  if (Array.isArray(value)) return arrayFrom(value);
  const parameter = parameterFrom(value);
  if (parameter === null) return 'NULL';
  const text = typeof parameter === 'string' ? parameter : `\\x${parameter.toString('hex')}`;
  return unquotedElement.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
