import { BadUserInput } from './errors.ts';

/**
 * Returns the text if PostgreSQL can store it: no NUL, which it rejects, and no unpaired surrogate, which
 * UTF-8 lacks.
 * @throws BadUserInput naming the argument
 */
export function storableText(argument: string, text: string, charactersMax: number): string {
  const characters = lengthOf(text);
  if (characters > charactersMax) {
    throw new BadUserInput(`\`${argument}\` has ${characters} characters; ${charactersMax} are allowed.`);
  }
  if (!isStorable(text)) throw new BadUserInput(`\`${argument}\` contains a NUL or an unpaired surrogate.`);
  return text;
}

/** Returns true for an optional argument without a value: absent, null or an empty text. */
export function isNone(text: string | null | undefined): text is '' | null | undefined {
  return text === undefined || text === null || text === '';
}

/** Returns whether PostgreSQL can store a text. */
export function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

/** Counts Unicode code points, as PostgreSQL does, not UTF-16 units. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** Creates a LIKE pattern that matches the literal text anywhere; wildcards are escaped. */
export function containsPattern(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}
