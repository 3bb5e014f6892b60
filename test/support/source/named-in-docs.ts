import type { SourceFile } from './source-files.ts';

/** The file and property names that the documentation may use, by whether they exist. */
export interface KnownNames {
  readonly isPath: (path: string) => boolean;
  readonly isIdentifier: (identifier: string) => boolean;
}

/** Finds paths and identifiers in backticks that do not exist; blocks of code have tests of their own. */
export function unknownNamesIn(file: SourceFile, known: KnownNames): readonly string[] {
  const prose = file.text.replaceAll(/^```[\s\S]*?^```/gm, (code) => code.replaceAll(/[^\n]/g, ''));
  return prose
    .split('\n')
    .flatMap((line, index) =>
      [...line.matchAll(/`([^`]+)`/g)]
        .flatMap(([, code = '']) => unknownIn(code, known))
        .map((name) => `${index + 1}: ${name}`),
    );
}

function unknownIn(code: string, { isPath, isIdentifier }: KnownNames): string[] {
  // A name with an @ is a package, which may be one that was not chosen.
  if (/^[\w.-]+(\/[\w.-]*)+$/.test(code)) return isPath(code.replace(/\/$/, '')) ? [] : [code];
  return identifiersIn(code).filter((identifier) => !isIdentifier(identifier));
}

/** The words of a text that look like identifiers: in camel case, or with an underscore. */
export function identifiersIn(code: string): string[] {
  return code.match(/\b[A-Za-z]+(?:[a-z][A-Z]|_)\w+\b/g) ?? [];
}
