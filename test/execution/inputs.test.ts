import { getArgumentValues, getVariableValues, isObjectType, Kind, parse, type FieldNode } from 'graphql';
import { describe, expect, it } from 'vitest';
import { argumentReader, variableReader } from '../../src/execution/plan/inputs.ts';
import { aSchema } from '../support/both-executors.ts';

const schema = aSchema(
  `enum Colour { RED GREEN }
  input Point { x: Int = 1, y: Int }
  scalar Odd
  type Query {
    plain(i: Int, f: Float, s: String, b: Boolean, id: ID, colour: Colour): Int
    required(i: Int!, s: String! = "default"): Int
    defaults(i: Int = 5, colour: Colour = RED, list: [Int!] = [1]): Int
    deep(point: Point, list: [Int], odd: Odd): Int
  }`,
  {},
);

const documents = [
  '{ plain }',
  '{ plain(i: 1, f: 1, s: "a", b: true, id: 7, colour: GREEN) }',
  '{ plain(i: null, s: null, colour: null) }',
  'query ($i: Int, $s: String, $c: Colour) { plain(i: $i, s: $s, colour: $c) }',
  '{ required(i: 1) }',
  'query ($i: Int!, $s: String!) { required(i: $i, s: $s) }',
  'query ($i: Int = 3, $s: String = "b") { required(i: $i, s: $s) }',
  '{ defaults }',
  '{ defaults(i: 2, list: [2]) }',
  'query ($i: Int, $list: [Int!]) { defaults(i: $i, list: $list) }',
  '{ deep(point: { y: 2 }, list: 1, odd: 3) }',
  'query ($y: Int, $point: Point) { deep(point: { y: $y }, list: [$y], odd: 3) other: deep(point: $point) }',
  'query ($f: Float, $b: Boolean, $id: ID) { plain(f: $f, b: $b, id: $id) }',
];

const values = [undefined, null, 0, 3, -1, 2.5, 2 ** 31, NaN, '', 'text', true, false, 'RED', [1], { y: 4 }];

/** Results for each operation with each variable missing or of each value; errors as their messages. */
function outcomesOf(
  read: (document: string, given: Record<string, unknown>) => unknown,
): [string, string, unknown][] {
  return documents.flatMap((document) => {
    const names = [...new Set(document.match(/(?<=\$)\w+(?=:)/g) ?? [])];
    const given = names.reduce<Record<string, unknown>[]>(
      (all, name) => [
        ...all,
        ...all.slice(0, 40).flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
      ],
      [{}],
    );
    return given.map((one): [string, string, unknown] => [
      document,
      describeValues(one),
      attempt(() => read(document, one)),
    ]);
  });
}

describe('inputs', () => {
  it('are coerced or rejected as by graphql-js', () => {
    const ours = outcomesOf((text, given) => {
      const { definitions, field, node } = partsOf(text);
      const variables = variableReader(schema, definitions)(given);
      return variables && [variables, argumentReader(field, node)(variables)];
    });
    const theirs = outcomesOf((text, given) => {
      const { definitions, field, node } = partsOf(text);
      const variables = getVariableValues(schema, definitions, given).coerced;
      return variables && [variables, getArgumentValues(field, node, variables)];
    });

    expect(ours.length).toBeGreaterThan(1000);
    expect(ours).toEqual(theirs);
    expect(ours.filter(([, , outcome]) => Array.isArray(outcome)).length).toBeGreaterThan(100);
    expect(ours.filter(([, , outcome]) => typeof outcome === 'string').length).toBeGreaterThan(10);
  });

  it.each([
    ['{ deep(point: { y: 2 }) }', 'point'],
    ['{ deep(list: [1]) }', 'list'],
    ['{ defaults(i: 1) }', 'list'],
  ])('that are mutable are coerced for each run: %s', (text, name) => {
    const { field, node } = partsOf(text);
    const read = argumentReader(field, node);
    const [one, other] = [read({}), read({})];

    expect(one).toEqual(other);
    expect(one).not.toBe(other);
    // A default is shared by graphql-js itself.
    if (text.includes(name)) expect(one[name]).not.toBe(other[name]);
  });
});

function partsOf(text: string) {
  const [operation] = parse(text).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('This is no operation.');
  const node = operation.selectionSet.selections.find((each): each is FieldNode => each.kind === Kind.FIELD);
  const query = schema.getQueryType();
  const field = isObjectType(query) && node !== undefined ? query.getFields()[node.name.value] : undefined;
  if (field === undefined || node === undefined) throw new Error('There is no such field.');
  return { definitions: operation.variableDefinitions ?? [], field, node };
}

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return String(error);
  }
}

function describeValues(given: Readonly<Record<string, unknown>>): string {
  return Object.entries(given)
    .map(([name, value]) => `${name}=${value === undefined ? 'undefined' : JSON.stringify(value)}`)
    .join(' ');
}
