import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseSync, type Comment, type Program } from 'oxc-parser';

const root = join(import.meta.dirname, '../../..');

/** A file of this project, with its path below the project's folder. */
export class SourceFile {
  readonly path: string;
  readonly text: string;
  #parsed: { readonly program: Program; readonly comments: readonly Comment[] } | null = null;
  #lineStarts: readonly number[] | null = null;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  /** The syntax tree of a TypeScript file. @throws Error when the file does not parse */
  get program(): Program {
    return this.#parse().program;
  }

  get comments(): readonly Comment[] {
    return this.#parse().comments;
  }

  /** The line of an offset, counted from 1. */
  lineAt(offset: number): number {
    const starts = (this.#lineStarts ??= [
      0,
      ...[...this.text.matchAll(/\n/g)].map(({ index }) => index + 1),
    ]);
    return starts.findLastIndex((start) => start <= offset) + 1;
  }

  #parse() {
    if (this.#parsed !== null) return this.#parsed;
    const { program, comments, errors } = parseSync(this.path, this.text);
    if (errors[0] !== undefined) throw new Error(`${this.path}: ${errors[0].message}`);
    return (this.#parsed = { program, comments });
  }
}

/** Reads the files below one folder of the project, except for generated and installed ones. */
export function filesIn(folder: string): readonly SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(generated|node_modules|results|\.data)\//.test(path))
    .toSorted()
    .map(readFile);
}

/** Reads one file by its path below the project's folder. */
export function readFile(path: string): SourceFile {
  return new SourceFile(path, readFileSync(join(root, path), 'utf8'));
}

/** Reads the TypeScript files below one folder of the project. */
export function typescriptIn(folder: string): readonly SourceFile[] {
  return filesIn(folder).filter(({ path }) => path.endsWith('.ts'));
}

/** Findings by file: those of files that are no exceptions, and exceptions without findings. */
export function findingsIn(
  files: readonly SourceFile[],
  find: (file: SourceFile) => readonly string[],
  excepted: readonly string[],
) {
  const found = new Map(files.map((file) => [file.path, find(file)]));
  const isFound = (path: string) => (found.get(path) ?? []).length > 0;
  const unexpected = [...found].filter(([path]) => isFound(path) && !excepted.includes(path));
  return { unexpected: Object.fromEntries(unexpected), unneeded: excepted.filter((path) => !isFound(path)) };
}
