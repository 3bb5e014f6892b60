import { types } from 'pg';

/** A day and a time in UTC of a year with four digits, as PostgreSQL writes nearly all of them. */
const usualPattern = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,3})?\+00$/;

/**
 * Reads the texts of a timestamptz. The usual ones are read by the engine itself, which takes a fifth of the time of the
 * driver's own parser: a page of messages has hundreds.
 */
export function createTimestampParser(): (text: string) => unknown {
  const parseAny: (text: string) => unknown = types.getTypeParser(types.builtins.TIMESTAMPTZ);
  return (text) =>
    usualPattern.test(text) ? new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`) : parseAny(text);
}
