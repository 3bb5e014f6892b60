import { breachesIn } from '../plain-english.ts';
import type { SourceFile } from './source-files.ts';

/** Finds words of a private dialect in comments that are no docstrings, which have a rule of their own. */
export function unclearCommentsIn(file: SourceFile): readonly string[] {
  return file.comments
    .filter(({ type, value }) => type === 'Line' || !value.startsWith('*'))
    .flatMap(({ start, value }) => unclearWordsIn(value, file.lineAt(start)));
}

/** Finds words of a private dialect in the prose of a Markdown file, which does not include code. */
export function unclearProseIn(file: SourceFile): readonly string[] {
  const prose = file.text.replaceAll(/^```[\s\S]*?^```/gm, blankLinesOf);
  return prose.split('\n').flatMap((line, index) => unclearWordsIn(line, index + 1));
}

function unclearWordsIn(text: string, line: number): string[] {
  const prose = text.replaceAll(/`[^`]*`/g, 'code').replaceAll(/\]\([^)]*\)/g, ']');
  return breachesIn(prose)
    .filter((breach) => breach.startsWith('says'))
    .map((breach) => `${line}: ${breach}`);
}

/** Keeps the line numbers of the text behind a block of code. */
function blankLinesOf(code: string): string {
  return code.replaceAll(/[^\n]/g, '');
}
