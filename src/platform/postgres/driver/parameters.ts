/** A statement's value as it is sent: a text in PostgreSQL's own notation, bytes, or nothing. */
export type Parameter = string | Buffer | null;

/** What needs no quotes within an array: digits, letters and hyphens, but for the word that stands for null. */
const plainElement = /^(?!null$)[\w-]+$/i;

/**
 * A value as PostgreSQL reads it, by the driver's rules: lists are arrays, other objects JSON.
 * @throws TypeError for what no column holds, RangeError for a date that is none
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
  throw new TypeError(`A statement takes no ${typeof value}.`);
}

function arrayFrom(values: readonly unknown[]): string {
  return `{${values.map(elementFrom).join(',')}}`;
}

function elementFrom(value: unknown): string {
  if (Array.isArray(value)) return arrayFrom(value);
  const parameter = parameterFrom(value);
  if (parameter === null) return 'NULL';
  const text = typeof parameter === 'string' ? parameter : `\\x${parameter.toString('hex')}`;
  return plainElement.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
