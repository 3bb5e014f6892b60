import { BadUserInput } from './errors.ts';

/**
 * A text that PostgreSQL can hold: it knows no U+0000, and a lone surrogate has no UTF-8.
 * @throws BadUserInput naming the argument
 */
export function storableText(argument: string, text: string, charactersMax: number): string {
  const characters = lengthOf(text);
  if (characters > charactersMax) {
    throw new BadUserInput(`\`${argument}\` has ${characters} characters; ${charactersMax} are allowed.`);
  }
  if (!isStorable(text)) throw new BadUserInput(`\`${argument}\` has a character that no text can hold.`);
  return text;
}

/** Whether PostgreSQL can hold this text. */
export function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

/** Characters as people and PostgreSQL count them, not UTF-16 units. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** A pattern for LIKE that finds the text itself anywhere, whatever wildcards it contains. */
export function containsPattern(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}
