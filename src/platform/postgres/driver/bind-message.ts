/** The messages after Bind: Execute of the unnamed portal without a row limit, then Sync. */
const executeAndSync = Buffer.from([69, 0, 0, 0, 9, 0, 0, 0, 0, 0, 83, 0, 0, 0, 4]);
const bindCode = 66;
const binaryFormat = 1;
const nullLength = -1;

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

/**
 * Builds Bind, Execute and Sync for a prepared statement (PostgreSQL's manual, "Message Formats") in one
 * buffer and one write; pg allocates a buffer for each. `resultFormats` ends the Bind message with the format
 * of each result column.
 */
export function executeMessage(
  statement: string,
  values: readonly Parameter[],
  resultFormats: Buffer,
): Buffer {
  let hasBytes = false;
  let valuesLength = 0;
  for (const value of values) {
    hasBytes ||= value instanceof Buffer;
    valuesLength += 4 + (value === null ? 0 : Buffer.byteLength(value));
  }
  const formats = hasBytes ? values.length : 0;
  const bindLength = 5 + 1 + statement.length + 1 + 2 + formats * 2 + 2 + valuesLength + resultFormats.length;
  const message = Buffer.allocUnsafe(bindLength + executeAndSync.length);
  let at = message.writeUInt8(bindCode, 0);
  at = message.writeInt32BE(bindLength - 1, at);
  at = message.writeUInt8(0, at);
  at += message.write(statement, at, 'latin1');
  at = message.writeUInt8(0, at);
  at = message.writeUInt16BE(formats, at);
  if (hasBytes) {
    for (const value of values) at = message.writeUInt16BE(value instanceof Buffer ? binaryFormat : 0, at);
  }
  at = message.writeUInt16BE(values.length, at);
  for (const value of values) {
    const start = at + 4;
    const length =
      typeof value === 'string' ? message.write(value, start) : (value?.copy(message, start) ?? 0);
    message.writeInt32BE(value === null ? nullLength : length, at);
    at = start + length;
  }
  at += resultFormats.copy(message, at);
  executeAndSync.copy(message, at);
  return message;
}
