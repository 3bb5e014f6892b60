import { isScalarType, Kind, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { anExecutor, aSchema } from '../support/both-executors.ts';

/** A schema with a field whose arguments count how often they are read. */
function countingSchema() {
  let looks = 0;
  const schema = aSchema('scalar Key type Thing { of(key: Key): Int no: Int } type Query { thing: Thing }', {
    Query: { thing: () => ({}) },
    Thing: {
      of: { fetch: (rows, args) => rows.map(() => JSON.parse(JSON.stringify(args)).key.value) },
      no: () => {
        throw new Error('no');
      },
    },
  });
  const key = schema.getType('Key');
  if (isScalarType(key)) {
    key.parseLiteral = (node) => ({
      get value() {
        looks += 1;
        return node.kind === Kind.INT ? Number(node.value) : null;
      },
    });
  }
  return { schema, looks: () => looks };
}

describe('a batched field with 500 different arguments', () => {
  it.each([
    ['fast', ''],
    ['bailedOut', 'no'],
  ] as const)('compares each of them with few others: %s', async (how, more) => {
    const count = 500;
    const { schema, looks } = countingSchema();
    const fields = Array.from({ length: count }, (_, index) => `a${index}: of(key: ${index})`);
    const executor = anExecutor(schema);
    const document = parse(`{ thing { ${fields.join(' ')} ${more} } }`);
    const { data } = (await executor.execute({ document, context: {} })) ?? {};

    expect(data).toMatchObject({ thing: { a0: 0, a1: 1, [`a${count - 1}`]: count - 1 } });
    expect(executor.statistics()[how]).toEqual(how === 'fast' ? 1 : { 'a field threw': 1 });
    expect(looks()).toBeGreaterThan(count);
    expect(looks()).toBeLessThan(20 * count);
  });
});
