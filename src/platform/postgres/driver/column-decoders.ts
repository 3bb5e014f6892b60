import { types } from 'pg';
import { timestampFromBinary } from './timestamps.ts';
import { uuidFromBinary } from './uuids.ts';

/** Reads a value from what PostgreSQL sent for it, which lies between two places of the bytes. */
export type ReadColumn = (bytes: Buffer, start: number, end: number) => unknown;

const { builtins } = types;
const { BOOL, INT2, INT4, INT8, TIMESTAMPTZ, UUID } = builtins;
const { TEXT, VARCHAR } = builtins;

/** Types made by users, our enums among them, have numbers from here on; see PostgreSQL's `access/transam.h`. */
const firstOfUsers = 16_384;
/** Fewer digits than these are held exactly by a number. */
const exactDigitsMax = 15;
/** How many words a column may have that are known again, and how long they may be. */
const wordsMax = 32;
const wordLengthMax = 32;

const codeOf = { zero: 48, nine: 57, true: 116 } as const;

/** What reads the texts of a type's columns; one for each column, since some remember what was there. */
export function columnReader(dataType: number): ReadColumn {
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
      return dataType >= firstOfUsers ? knownWords() : byDriver(types.getTypeParser(dataType));
  }
}

/**
 * What reads a type's columns from PostgreSQL's own form of them; null for what is better had as a text. To write the
 * texts of a row's time and ids takes PostgreSQL longer than to find the row.
 */
export function binaryColumnReader(dataType: number): ReadColumn | null {
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

function byDriver(parse: (text: string) => unknown): ReadColumn {
  return (bytes, start, end) => parse(textFrom(bytes, start, end));
}

function textFrom(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end);
}

function asciiFrom(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}

/** count(*) is an int8, which can exceed what a number holds exactly; nothing here does. */
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

/** The words of an enum. A type of another kind may have any number of values: what is not known is made anew. */
function knownWords(): ReadColumn {
  const words: string[] = [];
  return (bytes, start, end) => {
    for (let index = 0; index < words.length; index += 1) {
      const word = words[index] ?? '';
      if (isAt(word, bytes, start, end)) return word;
    }
    const text = textFrom(bytes, start, end);
    const isAscii = text.length === end - start;
    if (isAscii && words.length < wordsMax && text.length <= wordLengthMax) words.push(text);
    return text;
  };
}

/** Whether this text, which is ASCII, is what lies there. */
function isAt(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let at = text.length - 1; at >= 0; at -= 1) {
    if (text.charCodeAt(at) !== bytes[start + at]) return false;
  }
  return true;
}
