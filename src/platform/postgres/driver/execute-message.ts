import type { Parameter } from './parameters.ts';

/** What follows Bind: Execute of the unnamed portal without a limit of rows, then Sync. */
const ending = Buffer.from([69, 0, 0, 0, 9, 0, 0, 0, 0, 0, 83, 0, 0, 0, 4]);
const codeOfBind = 66;
const binary = 1;

/**
 * Bind, Execute and Sync, which run a statement that is prepared already, as PostgreSQL's manual writes them in its section
 * "Message Formats". One piece of memory and one write, where the driver makes one of each for every message. `resultFormats` is the end of
 * Bind, which says for each column of the rows whether it is wanted as a text.
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
  const message = Buffer.allocUnsafe(bindLength + resultFormats.length + ending.length);
  let at = message.writeUInt8(codeOfBind, 0);
  at = message.writeInt32BE(bindLength - 1 + resultFormats.length, at);
  at = message.writeUInt8(0, at);
  at += message.write(statement, at, 'latin1');
  at = message.writeUInt8(0, at);
  at = message.writeUInt16BE(formats, at);
  if (formats > 0) {
    for (const value of values) at = message.writeUInt16BE(value instanceof Buffer ? binary : 0, at);
  }
  at = message.writeUInt16BE(values.length, at);
  for (const [index, value] of values.entries()) {
    at = message.writeInt32BE(lengths[index] ?? 0, at);
    at += write(message, value, at);
  }
  at += resultFormats.copy(message, at);
  ending.copy(message, at);
  return message;
}

/** As PostgreSQL counts: null has a length of its own. */
function byteLengthOf(value: Parameter): number {
  return value === null ? -1 : Buffer.byteLength(value);
}

function write(message: Buffer, value: Parameter, at: number): number {
  if (value === null) return 0;
  return typeof value === 'string' ? message.write(value, at) : value.copy(message, at);
}
