import { types } from 'pg';

/** Decodes a value from the bytes between two offsets. */
export type ColumnDecoder = (bytes: Buffer, start: number, end: number) => unknown;

const { BOOL, INT2, INT4, INT8, TEXT, TIMESTAMPTZ, UUID, VARCHAR } = types.builtins;

/** User-defined types, including enums, have OIDs from here on (PostgreSQL's `access/transam.h`). */
const firstUserDefinedOid = 16_384;
/** A number holds every integer of fewer digits exactly. */
const exactDigitsMax = 15;
/** The bounds on the values of an enum that a column decoder reuses, and on their length. */
const internedMax = 32;
const internedLengthMax = 32;

const codeOf = { zero: 48, nine: 57, true: 116 } as const;

/**
 * Returns the decoder for a type's text format; not to be shared between columns, as some decoders hold
 * state.
 */
export function textDecoder(dataType: number): ColumnDecoder {
  switch (dataType) {
    case TEXT:
    case VARCHAR:
      return textFrom;
    case UUID:
      return asciiFrom;
    case INT2:
    case INT4:
    case INT8:
      return integerFrom;
    case BOOL:
      return (bytes, start) => bytes[start] === codeOf.true;
    default:
      return dataType >= firstUserDefinedOid ? internedText() : byPg(types.getTypeParser(dataType));
  }
}

/**
 * Returns the decoder for a type's binary format; null for a type that is better received as text. Writing
 * ids and times as text takes PostgreSQL longer than finding the row.
 */
export function binaryDecoder(dataType: number): ColumnDecoder | null {
  switch (dataType) {
    case INT4:
      return (bytes, start) => bytes.readInt32BE(start);
    case TIMESTAMPTZ:
      return timestampFromBinary;
    case UUID:
      return uuidDecoder();
    default:
      return null;
  }
}

function byPg(parse: (text: string) => unknown): ColumnDecoder {
  return (bytes, start, end) => parse(textFrom(bytes, start, end));
}

function textFrom(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end);
}

function asciiFrom(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}

/** An int8, the type of count(*), can exceed the integers that a number holds exactly; no value here does. */
function integerFrom(bytes: Buffer, start: number, end: number): number {
  if (end - start > exactDigitsMax) return Number(textFrom(bytes, start, end));
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - codeOf.zero;
    if (digit < 0 || digit > codeOf.nine - codeOf.zero) return Number(textFrom(bytes, start, end));
    value = value * 10 + digit;
  }
  return value;
}

/**
 * Reuses the strings of an enum's values; a user-defined type with more values gets new strings beyond the
 * bound.
 */
function internedText(): ColumnDecoder {
  const interned: string[] = [];
  return (bytes, start, end) => {
    for (let index = 0; index < interned.length; index += 1) {
      const text = interned[index] ?? '';
      if (equalsAt(text, bytes, start, end)) return text;
    }
    const text = textFrom(bytes, start, end);
    const isAscii = text.length === end - start;
    if (isAscii && interned.length < internedMax && text.length <= internedLengthMax) interned.push(text);
    return text;
  };
}

/** Compares an ASCII text with the bytes between two offsets. */
function equalsAt(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let at = text.length - 1; at >= 0; at -= 1) {
    if (text.charCodeAt(at) !== bytes[start + at]) return false;
  }
  return true;
}

/** 2000-01-01, the beginning of PostgreSQL's count, in milliseconds since 1970-01-01. */
const postgresEpochMs = 946_684_800_000;
const upperUnit = 2 ** 32;
/**
 * A number holds each microsecond exactly while the upper half of the count is below: within 140 years of
 * 2000.
 */
const exactUpperMax = 2 ** 20;
const infinity = 2n ** 63n - 1n;
const minusInfinity = -(2n ** 63n);

/**
 * Decodes a binary timestamptz, a count of microseconds, to the value that pg decodes from its text: a Date,
 * rounded down to the millisecond, or plus or minus Infinity.
 */
export function timestampFromBinary(bytes: Buffer, start: number): Date | number {
  const upper = bytes.readInt32BE(start);
  if (upper < exactUpperMax && upper >= -exactUpperMax) {
    const microseconds = upper * upperUnit + bytes.readUInt32BE(start + 4);
    return new Date(postgresEpochMs + Math.floor(microseconds / 1000));
  }
  const microseconds = bytes.readBigInt64BE(start);
  if (microseconds === infinity) return Infinity;
  if (microseconds === minusInfinity) return -Infinity;
  const milliseconds = microseconds / 1000n - (microseconds % 1000n < 0n ? 1n : 0n);
  return new Date(postgresEpochMs + Number(milliseconds));
}

/** The character codes of both hexadecimal digits of each byte. */
const upperDigits = Uint8Array.from({ length: 256 }, (_, byte) => digitOf(byte >> 4));
const lowerDigits = Uint8Array.from({ length: 256 }, (_, byte) => digitOf(byte & 15));
/** The offset of each byte's digits in a text of 8, 4, 4, 4 and 12 digits. */
const digitOffsets = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);

/** Writes a uuid into one buffer again and again: the text is twice as long as what PostgreSQL then sends. */
function uuidDecoder(): ColumnDecoder {
  const text = Buffer.alloc(36, '-');
  return (bytes, start) => {
    for (let index = 0; index < digitOffsets.length; index += 1) {
      const byte = bytes[start + index] ?? 0;
      const at = digitOffsets[index] ?? 0;
      text[at] = upperDigits[byte] ?? 0;
      text[at + 1] = lowerDigits[byte] ?? 0;
    }
    return text.toString('latin1');
  };
}

function digitOf(value: number): number {
  return value.toString(16).charCodeAt(0);
}
