import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Kind, parse, validate, type DocumentNode } from 'graphql';
import { describe, expect, it } from 'vitest';
import { includedBy } from '../../src/execution/plan/collect-fields.ts';
import { compile } from '../../src/execution/plan/compile.ts';
import { createLevelExecutor } from '../../src/execution/level-executor.ts';
import { ExecutionCounts } from '../../src/execution/execution-counts.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { exampleOperation } from '../../src/server/routes/example-operation.ts';

const root = join(import.meta.dirname, '../..');
const schema = createSchema();
createLevelExecutor(schema, new ExecutionCounts());

const files = ['docs', 'bench'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(md|ts|mjs|js|graphql)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('node_modules')),
);

/** All texts of a file that are operations of this API, however they stand in it. */
function operationsIn(file: string): { file: string; query: string; document: DocumentNode }[] {
  const text = readFileSync(join(root, file), 'utf8');
  const candidates = [
    ...[...text.matchAll(/```graphql\n([\s\S]*?)```/g)].map(([, block = '']) => block),
    ...[...text.matchAll(/`([^`]*)`|'([^'\n]*)'/g)].map(([, template, quoted]) => template ?? quoted ?? ''),
    ...[...text.matchAll(/"query": ?("(?:[^"\\]|\\.)*")/g)].map(([, json = '""']) =>
      String(JSON.parse(json)),
    ),
    ...(file.endsWith('.graphql') ? [text] : []),
  ];
  return candidates.flatMap((query) => {
    const document = /[{}]/.test(query) ? parsed(query) : null;
    return document === null || validate(schema, document).length > 0 ? [] : [{ file, query, document }];
  });
}

function parsed(query: string): DocumentNode | null {
  try {
    return parse(query);
  } catch {
    // Most texts are no operations.
    return null;
  }
}

const examples = { file: 'the explorers', query: exampleOperation, document: parse(exampleOperation) };
const operations = [...['README.md', ...files].flatMap(operationsIn), examples];

describe('the level executor', () => {
  it('finds operations to run in the README, the documentation and the benchmarks', () => {
    const found = (start: string) => operations.filter(({ file }) => file.startsWith(start)).length;

    expect(found('README')).toBeGreaterThanOrEqual(6);
    expect(found('docs/')).toBeGreaterThanOrEqual(5);
    expect(found('bench/')).toBeGreaterThanOrEqual(10);
  });

  it.each(operations)('runs without a fallback, from $file: $query', ({ document }) => {
    const fragments = new Map(
      document.definitions.flatMap((each) =>
        each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [],
      ),
    );
    for (const operation of document.definitions) {
      if (operation.kind !== Kind.OPERATION_DEFINITION) continue;
      const variables = Object.fromEntries(
        (operation.variableDefinitions ?? []).map(({ variable }) => [variable.name.value, true]),
      );

      expect(
        compile(operation, { schema, fragments, isIncluded: includedBy(variables) }).fields.length,
      ).toBeGreaterThan(0);
    }
  });
});
