import { types } from 'pg';

/** As of `1970-01-01`, in the days of the proleptic Gregorian calendar that start with 1 March of the year 0. */
const epochDay = 719_468;
const daysOf400Years = 146_097;

const parseAny: (text: string) => unknown = types.getTypeParser(types.builtins.TIMESTAMPTZ);

const codeOf = { plus: 43, hyphen: 45, point: 46, zero: 48 } as const;

/**
 * Reads the text of a timestamptz between two places of the bytes. The usual ones are read digit by digit, which takes a fifteenth of
 * the time of the driver's own parser and nothing but the date itself of memory: a page of messages has hundreds.
 */
export function timestampFrom(bytes: Buffer, start: number, end: number): unknown {
  if (isUsual(bytes, start, end)) return new Date(millisecondsOf(bytes, start, end));
  return parseAny(bytes.toString('latin1', start, end));
}

/**
 * A time in UTC, of a year with four digits, to the millisecond: as PostgreSQL writes nearly all of them. The text is PostgreSQL's,
 * so that it is enough to tell its forms apart.
 */
function isUsual(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  return (
    (length === 22 || (length <= 26 && bytes[start + 19] === codeOf.point)) &&
    bytes[start + 4] === codeOf.hyphen &&
    bytes[end - 3] === codeOf.plus &&
    bytes[end - 2] === codeOf.zero &&
    bytes[end - 1] === codeOf.zero
  );
}

function millisecondsOf(bytes: Buffer, start: number, end: number): number {
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  const days = dayOf(year, twoDigits(bytes, start + 5), twoDigits(bytes, start + 8));
  const minutes = twoDigits(bytes, start + 11) * 60 + twoDigits(bytes, start + 14);
  let milliseconds = (days * 86_400 + minutes * 60 + twoDigits(bytes, start + 17)) * 1000;
  for (let at = start + 20, weight = 100; at < end - 3; at += 1, weight /= 10) {
    milliseconds += digit(bytes, at) * weight;
  }
  return milliseconds;
}

/**
 * Days since 1970-01-01, by sums alone; a year begins with March here, so that the leap day is its last. Date.UTC would do the
 * same in half as much time again, and takes the years before 100 for those of the twentieth century.
 */
function dayOf(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const monthsSinceMarch = month > 2 ? month - 3 : month + 9;
  const cycle = Math.floor(marchYear / 400);
  const yearOfCycle = marchYear - cycle * 400;
  const leapDays = Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100);
  const dayOfYear = Math.floor((153 * monthsSinceMarch + 2) / 5) + day - 1;
  return cycle * daysOf400Years + yearOfCycle * 365 + leapDays + dayOfYear - epochDay;
}

function twoDigits(bytes: Buffer, at: number): number {
  return digit(bytes, at) * 10 + digit(bytes, at + 1);
}

function digit(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) - codeOf.zero;
}
