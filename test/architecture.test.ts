import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unclearCommentsIn } from './support/source/comment-words.ts';
import { wideCommentsIn } from './support/source/comment-width.ts';
import { exceptions } from './support/source/exceptions.ts';
import { fullFoldersIn, sharedNamesIn } from './support/source/file-names.ts';
import { longFunctionsIn } from './support/source/function-length.ts';
import { moduleStateIn } from './support/source/module-state.ts';
import { filesIn, findingsIn, typescriptIn } from './support/source/source-files.ts';
import { unclearTextsIn } from './support/source/visible-text.ts';

const root = join(import.meta.dirname, '../src');

/** A part of the source, and the parts that its files may import besides each other. */
interface Layer {
  readonly name: string;
  readonly pattern: RegExp;
  readonly mayImport: readonly string[];
}

const platform = ['platform', 'runtime', 'security', 'telemetry', 'postgres'];
const shared = [...platform, 'paging', 'caching', 'live'];

/** The import table of docs/architecture.md. A file belongs to the first layer whose pattern it matches. */
const layers: readonly Layer[] = [
  { name: 'execution', pattern: /^execution\//, mayImport: [] },
  { name: 'runtime', pattern: /^platform\/runtime\//, mayImport: ['platform'] },
  { name: 'security', pattern: /^platform\/security\//, mayImport: ['platform', 'runtime'] },
  { name: 'telemetry', pattern: /^platform\/telemetry\//, mayImport: ['platform', 'runtime'] },
  {
    name: 'postgres',
    pattern: /^platform\/postgres\//,
    mayImport: ['platform', 'runtime', 'security', 'telemetry'],
  },
  { name: 'platform', pattern: /^platform\/[a-z-]+\.ts$/, mayImport: [] },
  { name: 'paging', pattern: /^paging\//, mayImport: platform },
  { name: 'caching', pattern: /^caching\//, mayImport: platform },
  { name: 'live', pattern: /^live\//, mayImport: platform },
  {
    name: 'graphql',
    pattern: /^(graphql\/|domains\/[a-z-]+\/(resolvers|domain)\.ts$)/,
    mayImport: [...shared, 'domains', 'execution'],
  },
  { name: 'domains', pattern: /^domains\//, mayImport: shared },
  { name: 'server', pattern: /^server\//, mayImport: [...platform, 'execution'] },
  { name: 'app', pattern: /^app\//, mayImport: [...shared, 'domains', 'execution', 'graphql', 'server'] },
  {
    name: 'cli',
    pattern: /^cli\//,
    mayImport: [...shared, 'domains', 'execution', 'graphql', 'server', 'app'],
  },
  { name: 'main', pattern: /^main\.ts$/, mayImport: ['cli', 'app', 'domains'] },
];

const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .filter((file) => !file.includes('generated/'))
  .toSorted();

const imports = files.filter((file) => file.endsWith('.ts')).flatMap(importsOf);

describe('the source', () => {
  it('has a layer for every file', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => layerOf(file) === undefined)).toEqual([]);
  });

  it('imports only what the table allows, types included', () => {
    const own = imports.filter(({ to }) => layerOf(to) !== undefined);
    const forbidden = own.filter(({ from, to }) => {
      const [importer, imported] = [layerOf(from), layerOf(to)];
      return importer !== imported && !importer?.mayImport.includes(imported?.name ?? '');
    });

    expect(own.length).toBeGreaterThan(200);
    expect(forbidden).toEqual([]);
  });

  it('keeps the executor free of everything but graphql', () => {
    const own = imports.filter(({ from }) => from.startsWith('execution/'));

    expect(own.length).toBeGreaterThan(20);
    expect(own.filter(({ to }) => to !== 'graphql' && !to.startsWith('execution/'))).toEqual([]);
  });

  it('lets a domain import another only by its model.ts', () => {
    const across = imports.filter(({ from, to }) => {
      const [owner, other] = [domainOf(from), domainOf(to)];
      return owner !== null && other !== null && owner !== other && !to.endsWith('/model.ts');
    });

    expect(across).toEqual([]);
  });

  it('lets only queries.ts of a domain reach the database', () => {
    const reaching = imports.filter(
      ({ from, to }) =>
        domainOf(from) !== null &&
        !from.endsWith('/queries.ts') &&
        /^(platform\/postgres\/(database|open-database|pool\/pool|generated\/client)\.ts|pg|@prisma\/.*)$/.test(
          to,
        ),
    );

    expect(reaching).toEqual([]);
  });

  it('uses the database driver through driver.ts alone', () => {
    const driver = 'platform/postgres/driver/';
    const fromOutside = imports.filter(({ from, to }) => to.startsWith(driver) && !from.startsWith(driver));

    expect(fromOutside.length).toBeGreaterThan(0);
    expect(fromOutside.filter(({ to }) => to !== `${driver}driver.ts`)).toEqual([]);
  });

  it('reads the environment in main.ts alone', () => {
    const reading = files.filter((file) => textOf(file).includes('process.env'));

    expect(reading).toEqual(['main.ts']);
  });
});

/**
 * A file among the exceptions that no longer needs one fails its test, so that the exceptions can only become
 * fewer.
 */
describe('a source file', () => {
  const source = typescriptIn('src');

  it('keeps no state in its module', () => {
    const found = findingsIn(source, moduleStateIn, exceptions.moduleState);

    expect(source.length).toBeGreaterThan(200);
    expect(found).toEqual({ unexpected: {}, unneeded: [] });
  });

  it('has no function of more than 40 lines', () => {
    const found = findingsIn(source, (file) => longFunctionsIn(file, 40), exceptions.longFunctions);

    expect(found).toEqual({ unexpected: {}, unneeded: [] });
  });

  it('says nothing to clients and operators in words of a private dialect', () => {
    // The demo data are people's conversations.
    const files = source.filter(({ path }) => !path.startsWith('src/domains/demo/'));
    const found = findingsIn(files, unclearTextsIn, exceptions.unclearTexts);

    expect(found).toEqual({ unexpected: {}, unneeded: [] });
  });

  it('has no comment in words of a private dialect', () => {
    const files = [...source, ...typescriptIn('test'), ...typescriptIn('bench')];
    const found = findingsIn(files, unclearCommentsIn, exceptions.unclearComments);

    expect(found).toEqual({ unexpected: {}, unneeded: [] });
  });

  it('wraps its comments at 110 columns', () => {
    const files = [...source, ...typescriptIn('test'), ...typescriptIn('bench')];
    const found = findingsIn(files, (file) => wideCommentsIn(file, 110), exceptions.wideComments);

    expect(found).toEqual({ unexpected: {}, unneeded: [] });
  });

  it('shares its name with no file of another role', () => {
    expect(sharedNamesIn(filesIn('src').map(({ path }) => path))).toEqual([]);
  });

  it('has at most 14 others in its folder', () => {
    const folders = fullFoldersIn(
      filesIn('src').map(({ path }) => path),
      15,
    );

    expect(folders).toEqual(exceptions.fullFolders);
  });
});

function layerOf(file: string): Layer | undefined {
  return layers.find(({ pattern }) => pattern.test(file));
}

function domainOf(file: string): string | null {
  return /^domains\/([a-z-]+)\//.exec(file)?.[1] ?? null;
}

function importsOf(file: string): { from: string; to: string }[] {
  const specifiers = textOf(file).matchAll(/(?:from|import)\s*\(?'([^']+)'/g);
  return [...specifiers].map(([, specifier = '']) => ({
    from: file,
    to: specifier.startsWith('.') ? relative(root, join(root, dirname(file), specifier)) : specifier,
  }));
}

function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
