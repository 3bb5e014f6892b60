import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { ExecutionCounts } from '../../../src/execution/execution-counts.ts';
import { LevelExecutor } from '../../../src/execution/level-executor.ts';
import { createSchema } from '../../../src/graphql/schema.ts';
import { DocumentCache, type Document } from '../../../src/server/documents/document.ts';
import { readDocument } from '../../../src/server/documents/read-document.ts';
import { conditionsOf, madeUpDocument } from '../../support/made-up-documents.ts';

const schema = createSchema();
const executor = new LevelExecutor(schema, new ExecutionCounts());
const limits = {
  tokensMax: 2000,
  depthMax: 12,
  aliasesMax: 30,
  rootFieldsMax: 20,
  directivesMax: 50,
  listMax: 200,
  costMax: 10_000,
};

function aDocument(text: string, isFamiliar = true): Document {
  const document = readDocument(text, { schema, limits, isFamiliar });
  if (document === null) throw new Error('This is not GraphQL.');
  document.accept(parse(text), executor);
  return document;
}

/** A document with costs and plans for so many combinations of its conditions. */
function run(document: Document, combinations: number): Document {
  for (let combination = 0; combination < combinations; combination += 1) {
    const variables = conditionsOf(15 - combination);
    document.operation(undefined)?.costTree(variables);
    document.plans?.find(null, variables);
  }
  return document;
}

function liveBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  for (let times = 0; times < 3; times += 1) collect();
  return process.memoryUsage().heapUsed;
}

describe('the estimate of what a document holds', () => {
  it.each([
    ['large documents with all plans', 10, (index: number) => run(aDocument(madeUpDocument(index)), 16)],
    ['large documents with one plan', 40, (index: number) => run(aDocument(madeUpDocument(index)), 1)],
    ['small documents', 1000, (index: number) => run(aDocument(`query Q${index} { viewer { id } }`), 1)],
  ])('is between live heap and three times live heap: %s', (_what, count, make) => {
    make(count);
    const before = liveBytes();
    const documents = Array.from({ length: count }, (_, index) => make(index));
    const live = liveBytes() - before;
    const estimate = documents.reduce((total, { bytes }) => total + bytes, 0);

    expect(estimate).toBeGreaterThan(live);
    expect(estimate).toBeLessThan(3 * live);
  });
});

describe('the document cache', () => {
  it('holds no more than its bytes, also when documents grow after they were kept', () => {
    const cache = new DocumentCache(3_000_000);
    const documents = Array.from({ length: 40 }, (_, index) =>
      aDocument(`query Q${index} { viewer { id } }`),
    );
    for (const document of documents) cache.keep(document);
    const large = aDocument(madeUpDocument(0));
    cache.keep(large);
    expect(cache.get(large.text)).toBe(large);
    const bytes = cache.bytes;
    run(large, 1);

    expect(cache.bytes).toBeGreaterThan(bytes);
    expect(cache.bytes).toBeLessThanOrEqual(3_000_000);
    run(large, 16);
    expect(cache.get(large.text)).toBeUndefined();
    expect(cache.bytes).toBeLessThanOrEqual(3_000_000);
  });

  it('makes room by dropping what was requested least recently', () => {
    const [first, second, third] = [0, 1, 2].map((index) => aDocument(`query Q${index} { viewer { id } }`));
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('There are three.');
    const cache = new DocumentCache(2.5 * first.bytes);
    cache.keep(first);
    cache.keep(second);
    cache.get(first.text);
    cache.keep(third);

    expect([first, second, third].map(({ text }) => cache.get(text) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('keeps nothing of a document that a stranger sends for the first time', () => {
    const cache = new DocumentCache();
    const document = aDocument('{ viewer { id } }', false);
    cache.keep(document);
    expect(cache.bytes).toBe(0);
    cache.keep(document);

    expect(cache.get(document.text)).toBe(document);
  });
});
