import { types } from 'pg';
import { timestampFromBinary } from './timestamps.ts';
import { uuidFromBinary } from './uuids.ts';

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
      return uuidFromBinary;
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
