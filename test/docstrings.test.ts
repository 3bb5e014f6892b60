import { describe, expect, it } from 'vitest';
import { docstringBreachesIn } from './support/source/docstring-rule.ts';
import { exceptions } from './support/source/exceptions.ts';
import { findingsIn, SourceFile, typescriptIn } from './support/source/source-files.ts';

describe('a docstring', () => {
  it('describes everything that src exports, in plain English', () => {
    const source = typescriptIn('src');
    const found = findingsIn(source, docstringBreachesIn, exceptions.docstrings);

    expect(source.length).toBeGreaterThan(200);
    expect(found).toEqual({ unexpected: {}, unneeded: [] });
  });
});

describe('the rule for docstrings', () => {
  it.each([
    ['an export without one', 'export const limit = 3;', ['1: limit has no docstring']],
    ['a comment that is none', '// Reads.\nexport function read() {}', ['2: read has no docstring']],
    [
      'an export before the docstring of another',
      'export const a = 1;\n/** Reads. */\nexport function read() {}',
      ['1: a has no docstring'],
    ],
    [
      'one with code between',
      '/** Reads. */\nconst a = 1;\nexport { a };\nexport class B {}',
      ['4: B has no docstring'],
    ],
    ['an opening', '/** What is read. */\nexport type Row = string;', ['1: starts with "What"']],
    [
      'a word',
      '/** Rows that were asked for. */\nconst rows = 1;',
      ['1: says "asked" for requested or selected'],
    ],
    ['three sentences', '/** Reads. Writes. Ends. */\nconst a = 1;', ['1: has 3 sentences']],
    ['a member', 'class A {\n  /** Whether it ends. */\n  b = 1;\n}', ['2: starts with "Whether"']],
  ])('finds %s', (_case, text, findings) => {
    expect(docstringBreachesIn(new SourceFile('a.ts', text))).toEqual(findings);
  });

  it.each([
    ['a plain one', '/** Reads the rows of a page. */\nexport function read() {}'],
    ['one before a comment', '/** Reads. */\n// oxlint-disable-next-line\nexport function read() {}'],
    [
      'tags after two sentences',
      '/** Reads. Waits. @throws Error when it ends. And more. */\nexport const a = 1;',
    ],
    ['code', '/** Returns `asked`. */\nexport const a = 1;'],
    ['a type that is exported again', "export type { A } from './a.ts';"],
  ])('accepts %s', (_case, text) => {
    expect(docstringBreachesIn(new SourceFile('a.ts', text))).toEqual([]);
  });
});
