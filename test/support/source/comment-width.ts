import type { SourceFile } from './source-files.ts';

/**
 * Finds lines of comments that are wider than `columnsMax`, except for those with a URL, which cannot be
 * wrapped.
 */
export function wideCommentsIn(file: SourceFile, columnsMax: number): readonly string[] {
  const lines = file.text.split('\n');
  if (!lines.some((line) => line.length > columnsMax)) return [];
  const numbers = file.comments.flatMap(({ start, end }) => {
    const [first, last] = [file.lineAt(start), file.lineAt(end)];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return [...new Set(numbers)].flatMap((number) => {
    const line = lines[number - 1] ?? '';
    const isWide = line.length > columnsMax && !line.includes('://');
    return isWide ? [`${number}: ${line.length} columns`] : [];
  });
}
