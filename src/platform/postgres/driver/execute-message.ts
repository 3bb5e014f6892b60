import type { Parameter } from './parameters.ts';

/** The messages after Bind: Execute of the unnamed portal without a row limit, then Sync. */
const executeAndSync = Buffer.from([69, 0, 0, 0, 9, 0, 0, 0, 0, 0, 83, 0, 0, 0, 4]);
const bindCode = 66;
const binaryFormat = 1;

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
  const lengths = values.map(byteLengthOf);
  const formats = values.some((value) => value instanceof Buffer) ? values.length : 0;
  const headLength = 5 + 1 + statement.length + 1 + 2 + formats * 2 + 2;
  const bindLength = headLength + lengths.reduce((sum, length) => sum + 4 + Math.max(length, 0), 0);
  const message = Buffer.allocUnsafe(bindLength + resultFormats.length + executeAndSync.length);
  let at = message.writeUInt8(bindCode, 0);
  at = message.writeInt32BE(bindLength - 1 + resultFormats.length, at);
  at = message.writeUInt8(0, at);
  at += message.write(statement, at, 'latin1');
  at = message.writeUInt8(0, at);
  at = message.writeUInt16BE(formats, at);
  if (formats > 0) {
    for (const value of values) at = message.writeUInt16BE(value instanceof Buffer ? binaryFormat : 0, at);
  }
  at = message.writeUInt16BE(values.length, at);
  for (const [index, value] of values.entries()) {
    at = message.writeInt32BE(lengths[index] ?? 0, at);
    at += write(message, value, at);
  }
  at += resultFormats.copy(message, at);
  executeAndSync.copy(message, at);
  return message;
}

/** The length as PostgreSQL counts it: -1 for null. */
function byteLengthOf(value: Parameter): number {
  return value === null ? -1 : Buffer.byteLength(value);
}

function write(message: Buffer, value: Parameter, at: number): number {
  if (value === null) return 0;
  return typeof value === 'string' ? message.write(value, at) : value.copy(message, at);
}
