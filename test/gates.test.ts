import { describe, expect, it } from 'vitest';
import { wideCommentsIn } from './support/source/comment-width.ts';
import { unclearCommentsIn, unclearProseIn } from './support/source/comment-words.ts';
import { fullFoldersIn, sharedNamesIn } from './support/source/file-names.ts';
import { longFunctionsIn } from './support/source/function-length.ts';
import { moduleStateIn } from './support/source/module-state.ts';
import { findingsIn, SourceFile } from './support/source/source-files.ts';
import { unclearTextsIn } from './support/source/visible-text.ts';

describe('the gate for state in modules', () => {
  it.each([
    ['a let', 'export let count = 0;'],
    ['a var', 'var count = 0;'],
    ['a Map', 'const rows = new Map();'],
    ['an exported Set', 'export const ids = new Set<string>();'],
    ['an instance of a class', 'const cache = new LRUCache({ max: 10 });'],
    ['an instance inside of an object', 'const caches = { user: new Map() };'],
    ['an array that is pushed to', 'const rows: string[] = [];\nexport function add() { rows.push("a"); }'],
    ['an object that is written to', 'const rows = {};\nconst add = (id) => { rows[id] = 1; };'],
    ['an object of which a part is written to', 'const a = { b: { c: 1 } };\nfunction f() { a.b.c += 1; }'],
    ['a counter in an object', 'const count = { of: 0 };\nfunction next() { return count.of++; }'],
    ['an object that loses properties', 'const a = {};\nfunction f(id) { delete a[id]; }'],
    ['an object that is assigned to', 'const a = {};\nfunction f(b) { Object.assign(a, b); }'],
    ['an import that is changed', "import { rows } from './rows.ts';\nfunction f() { rows.push(1); }"],
    ['a property of a function', 'function next() { return (next.count = 1); }'],
    ['a closure', 'const next = (() => { let count = 0; return () => count++; })();'],
    ['something that is created', 'const cache = createCache();'],
    ['a static field', 'class A { static count = 0; }'],
    ['a private static field', 'class A { static #rows = []; }'],
    ['a property of globalThis', 'function f() { globalThis.count = 1; }'],
  ])('finds %s', (_case, text) => {
    expect(moduleStateIn(new SourceFile('a.ts', text))).not.toEqual([]);
  });

  it.each([
    ['constants', "export const limit = 3;\nconst names = ['a'] as const;\nconst a = { b: 1 };"],
    ['a Set that its type keeps from changing', "const ids: ReadonlySet<string> = new Set(['a']);"],
    [
      'variables of functions',
      'function f() { let a = 0; const rows = []; rows.push(a++); return new Map(); }',
    ],
    ['a variable of the same name', 'const rows = [];\nfunction f() { const rows = []; rows.push(1); }'],
    ['a parameter of the same name', 'const rows = [];\nconst f = ({ rows }) => rows.push(1);'],
    ['fields of instances', 'class A { readonly #rows = new Map(); add() { this.#rows.set(1, 2); } }'],
    ['a readonly static field', 'class A { static readonly limit = 3; }'],
    ['schemas', 'const schema = z.object({ id: z.string() });'],
  ])('accepts %s', (_case, text) => {
    expect(moduleStateIn(new SourceFile('a.ts', text))).toEqual([]);
  });
});

describe('the gate for long functions', () => {
  const statements = (count: number) =>
    Array.from({ length: count }, (_, index) => `  f(${index});\n`).join('');
  const lengthOf = (text: string) => longFunctionsIn(new SourceFile('a.ts', text), 40);

  it('finds a function of 41 lines, and none of 40', () => {
    expect(lengthOf(`function a() {\n${statements(38)}}`)).toEqual([]);
    expect(lengthOf(`function a() {\n${statements(39)}}`)).toEqual(['1: a has 41 lines']);
  });

  it('counts neither blank lines nor comments', () => {
    expect(lengthOf(`function a() {\n${statements(38)}\n// why\n/*\n why\n*/\n}`)).toEqual([]);
  });

  it('counts a callback with its function', () => {
    expect(lengthOf(`const a = () => {\n  each(() => {\n${statements(39)}  });\n};`)).toHaveLength(2);
  });

  it('counts the functions of a factory by themselves', () => {
    const factory = `function create() {\n  function one() {\n${statements(30)}}\n  return {\n    two() {\n${statements(30)}},\n  };\n}`;

    expect(lengthOf(factory)).toEqual([]);
    expect(lengthOf(factory.replace('f(3);', statements(20)))).toHaveLength(1);
  });
});

describe('the gate for comments', () => {
  it('finds lines over 110 columns in comments of any form, and no others', () => {
    const wide = 'a'.repeat(111);
    const text = `// ${wide}\n/**\n * ${wide}\n */\nconst a = '${wide}';\nconst b = 1; // ${wide}\n// https://a.b/${wide}`;

    expect(wideCommentsIn(new SourceFile('a.ts', text), 110)).toEqual([
      '1: 114 columns',
      '3: 114 columns',
      '6: 127 columns',
    ]);
  });
});

describe('the gate for words', () => {
  it('finds words of a private dialect in comments of any form but docstrings', () => {
    const text = '// Whoever reads.\n/* Nobody\n reads. */\nconst a = 1; // told\n/** Asked `anew`. */\nf();';

    expect(unclearCommentsIn(new SourceFile('a.ts', text))).toEqual([
      '1: says "Whoever" for the noun',
      '2: says "Nobody" for no user, a user, any user',
      '4: says "told" for reports',
    ]);
  });

  it('finds words of a private dialect in Markdown, except for code and addresses', () => {
    const text = 'Reads `told`.\n\n```sh\nnobody\n```\n[A](whoever.md) is told.\n';

    expect(unclearProseIn(new SourceFile('a.md', text))).toEqual(['6: says "told" for reports']);
  });
});

describe('the gate for texts', () => {
  it.each([
    ['a log message', "logger.warn({ err }, 'the collector could not be told of spans');"],
    ['an error', 'throw new Error(`The column ${name} was asked for twice.`);'],
    ['an option', "new Option('--warm', 'for whoever was here last');"],
  ])('finds a word of a private dialect in %s', (_case, text) => {
    expect(unclearTextsIn(new SourceFile('a.ts', text))).toHaveLength(1);
  });

  it('looks neither at comments nor at SQL', () => {
    const text = '// Whoever asks.\nconst rows = sql`select asked from told where ended`;';

    expect(unclearTextsIn(new SourceFile('a.ts', text))).toEqual([]);
  });
});

describe('the gate for file names', () => {
  it('finds one name for two roles, and accepts one role in several domains', () => {
    const paths = [
      'src/app/health.ts',
      'src/server/health.ts',
      'src/domains/user/model.ts',
      'src/domains/model/model.ts',
    ];

    expect(sharedNamesIn(paths)).toEqual(['src/app/health.ts', 'src/server/health.ts']);
  });

  it('finds a folder with more files than it may have', () => {
    expect(fullFoldersIn(['a/1.ts', 'a/2.ts', 'a/b/3.ts'], 1)).toEqual(['a']);
    expect(fullFoldersIn(['a/1.ts', 'a/2.ts', 'a/b/3.ts'], 2)).toEqual([]);
  });
});

describe('an exception from a gate', () => {
  const files = [new SourceFile('clean.ts', ''), new SourceFile('found.ts', '')];
  const find = ({ path }: SourceFile) => (path === 'found.ts' ? ['1: something'] : []);

  it('is reported when its file needs none, or is gone', () => {
    expect(findingsIn(files, find, ['found.ts'])).toEqual({ unexpected: {}, unneeded: [] });
    expect(findingsIn(files, find, ['clean.ts', 'gone.ts'])).toEqual({
      unexpected: { 'found.ts': ['1: something'] },
      unneeded: ['clean.ts', 'gone.ts'],
    });
  });
});
