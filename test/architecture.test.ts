import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../src');

/** From the ground up: a file imports from its own floor or a lower one, types included. */
const floors: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  // Knows GraphQL and nothing of this house: it could be a package of its own.
  { name: 'execution', pattern: /^execution\// },
  { name: 'platform', pattern: /^platform\// },
  { name: 'domains', pattern: /^domains\/[a-z-]+\/(?!resolvers\.ts)([a-z-]+\/)*[a-z-]+\.(ts|graphql)$/ },
  { name: 'graphql', pattern: /^(graphql\/|domains\/[a-z-]+\/resolvers\.ts$)/ },
  { name: 'server', pattern: /^server\// },
  {
    name: 'app',
    pattern:
      /^(app|cache-metrics|caches|clean-up|execution-metrics|explain|metrics|monitoring|open-platform|password-checks|queries|services|sightings|tracing|warmers|main|config)\.ts$|^(cli|config)\//,
  },
];

const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .filter((file) => !file.includes('generated/'))
  .toSorted();

const imports = files.filter((file) => file.endsWith('.ts')).flatMap(importsOf);

describe('the house', () => {
  it('has a floor for every source file', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => floorOf(file) === -1)).toEqual([]);
  });

  it('is built from the ground up: nothing imports from a higher floor', () => {
    expect(imports.length).toBeGreaterThan(200);
    expect(imports.filter(({ from, to }) => floorOf(to) > floorOf(from))).toEqual([]);
  });

  it('keeps the executor to itself', () => {
    const own = imports.filter(({ from }) => from.startsWith('execution/'));

    expect(own.length).toBeGreaterThan(20);
    expect(own.filter(({ to }) => to !== 'graphql' && !to.startsWith('execution/'))).toEqual([]);
  });

  it('lets one domain know another only by its model', () => {
    const across = imports.filter(({ from, to }) => {
      const [owner, other] = [domainOf(from), domainOf(to)];
      return owner !== null && other !== null && owner !== other && !to.endsWith('/model.ts');
    });

    expect(across).toEqual([]);
  });

  it('lets only queries.ts of a domain touch the database', () => {
    const touching = imports.filter(
      ({ from, to }) =>
        domainOf(from) !== null &&
        !from.endsWith('/queries.ts') &&
        /^(platform\/database\/(database|open-database|pool|generated\/client)\.ts|pg|@prisma\/.*)$/.test(to),
    );

    expect(touching).toEqual([]);
  });

  it('reads the environment in one place', () => {
    const reading = files.filter((file) => textOf(file).includes('process.env'));

    expect(reading).toEqual(['main.ts']);
  });

  it('keeps no state in modules', () => {
    const stateful = files.filter((file) => /^(export )?(let|var) /m.test(textOf(file)));

    expect(stateful).toEqual([]);
  });
});

function floorOf(file: string): number {
  return floors.findIndex(({ pattern }) => pattern.test(file));
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
