import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { identifiersIn, unknownNamesIn } from '../support/source/named-in-docs.ts';
import { filesIn, readFile, SourceFile } from '../support/source/source-files.ts';

const root = join(import.meta.dirname, '../..');

/** Names of Node, PostgreSQL, Linux and identity providers, and media types. */
const foreignNames: readonly string[] = [
  'application/json',
  'auto_explain',
  'getToken',
  'HeapProfiler',
  'includeObjectsCollectedByMajorGC',
  'includeObjectsCollectedByMinorGC',
  'jwks_uri',
  'ListenOverflows',
  'pool_mode',
  'renderGraphiQL',
  'startSampling',
];

describe('a name in the documentation', () => {
  const documents = [
    ...filesIn('docs').filter(({ path }) => path.endsWith('.md')),
    ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'bench/README.md'].map(readFile),
  ];
  const code = ['src', 'test', 'bench', 'prisma', 'deploy'].flatMap(filesIn).filter(isCode);
  const settings = ['package.json', 'package-lock.json', 'compose.yaml', 'Dockerfile'].map(readFile);
  const identifiers = new Set([...code, ...settings].flatMap(({ text }) => identifiersIn(text)));

  it('is the path of a file or an identifier of the code', () => {
    const unknown = documents.flatMap((document) =>
      unknownNamesIn(document, {
        isPath: (path) => foreignNames.includes(path) || isPathIn(document, path),
        isIdentifier: (name) => foreignNames.includes(name) || identifiers.has(name),
      }).map((name) => `${document.path}:${name}`),
    );

    expect(identifiers.size).toBeGreaterThan(2000);
    expect(unknown).toEqual([]);
  });
});

describe('the rule for names', () => {
  const known = { isPath: () => false, isIdentifier: () => false };

  it('finds paths and identifiers that do not exist, with their lines', () => {
    const text = '`src/a.ts` is read.\n\nSo are `resetFor(viewer)` and `READ_MAX`, `CacheName` and `a.b`.';

    expect(unknownNamesIn(new SourceFile('a.md', text), known)).toEqual([
      '1: src/a.ts',
      '3: resetFor',
      '3: READ_MAX',
      '3: CacheName',
    ]);
  });

  it('accepts words, blocks of code and names outside of backticks', () => {
    const text = 'The readMax of `read` is `3 s`.\n\n```ts\nreadMax();\n```\n';

    expect(unknownNamesIn(new SourceFile('a.md', text), known)).toEqual([]);
  });
});

function isCode({ path }: SourceFile): boolean {
  return /\.(ts|mjs|js|sql|graphql|prisma|json|yml|yaml|conf|sh)$/.test(path);
}

/**
 * Whether a path exists from the root, from src, from the document's folder or as a package; `.data` is made
 * by use.
 */
function isPathIn(document: SourceFile, path: string): boolean {
  const folders = ['', 'src', dirname(document.path), 'node_modules'];
  return path.startsWith('.data') || folders.some((folder) => existsSync(join(root, folder, path)));
}
