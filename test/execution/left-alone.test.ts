import { GraphQLError, isInterfaceType, isObjectType, isUnionType, parse, type GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { anExecutor } from '../support/both-executors.ts';
import { aPerson, expectAgreement, expectFast, peopleSchema } from '../support/people-schema.ts';

function run(
  query: string,
  options: { schema?: GraphQLSchema; variables?: Record<string, unknown>; operationName?: string } = {},
) {
  const { schema = peopleSchema(), ...operation } = options;
  const executor = anExecutor(schema);
  const answer = executor.execute({ document: parse(query), context: {}, ...operation });
  return { answer, statistics: executor.statistics() };
}

describe('before anything has run, what the level executor does not know is left to graphql-js', () => {
  it.each([
    ['introspection', '{ person { name } __schema { types { name } } }', {}],
    ['introspection', '{ __type(name: "Person") { name } }', {}],
    ['subscription', 'subscription { person { name } }', {}],
    ['unknown operation', 'query A { number } query B { number }', {}],
    ['unknown operation', 'query A { number }', { operationName: 'B' }],
    [
      'variables',
      'query ($n: Int!) { person { friends(first: $n) { name } } }',
      { variables: { n: 'many' } },
    ],
    ['conditions', 'query ($on: Boolean = true) { number @include(if: $on) }', { variables: { on: null } }],
  ])('%s: %s', (reason, query, options) => {
    const { answer, statistics } = run(query, options);

    expect(answer).toBeNull();
    expect(statistics).toEqual({ fast: 0, unplanned: { [reason]: 1 }, handedOver: {} });
  });

  it('a plain field that wants to know where it is asked for', () => {
    const schema = peopleSchema({ Person: { nick: (_row, _args, _context, info) => info.fieldName } });

    expect(run('{ person { nick } }', { schema }).statistics.unplanned).toEqual({ info: 1 });
    expect(run('{ person { name } }', { schema }).statistics.fast).toBe(1);
  });

  it('a type that is told by where it is asked for', () => {
    const schema = peopleSchema();
    const being = schema.getType('Being');
    if (isInterfaceType(being)) being.resolveType = (_value, _context, info) => info.parentType.name;

    expect(run('{ anyone { name } }', { schema }).statistics.unplanned).toEqual({ type: 1 });
    expect(run('{ person { name } }', { schema }).statistics.fast).toBe(1);
  });

  it('a type that looks at where it is asked for', () => {
    const schema = peopleSchema();
    const cat = schema.getType('Cat');
    if (isObjectType(cat)) cat.isTypeOf = (_value, _context, info) => info !== undefined;

    expect(run('{ anything { ... on Cat { name } } }', { schema }).statistics.unplanned).toEqual({ type: 1 });
    expect(run('{ person { name } }', { schema }).statistics.fast).toBe(1);
  });

  it('fragments that make too much of each other', () => {
    const levels = Array.from({ length: 16 }, (_, level) => level);
    const fragments = levels.map(
      (level) =>
        `fragment F${level} on Person { name a: best { ...F${level + 1} } b: best { ...F${level + 1} } }`,
    );
    const query = `{ person { ...F0 } } ${fragments.join(' ')} fragment F${levels.length} on Person { name }`;

    expect(run(query).statistics.unplanned).toEqual({ size: 1 });
  });

  it('names of types that fragments make too many of', () => {
    const aliases = Array.from({ length: 120 }, (_, index) => index);
    const query = `{ person { ${aliases.map((index) => `a${index}: best { ...F }`).join(' ')} } }
      fragment F on Person { ${aliases.map((index) => `t${index}: __typename`).join(' ')} }`;

    expect(run(query).statistics.unplanned).toEqual({ size: 1 });
  });

  it('more combinations of conditions than are kept', () => {
    const executor = anExecutor(peopleSchema());
    const names = ['a', 'b', 'c', 'd', 'e'];
    const document = parse(
      `query (${names.map((name) => `$${name}: Boolean!`).join()}) { number ${names.map((name) => `${name}: number @include(if: $${name})`).join(' ')} }`,
    );
    const answers = Array.from({ length: 64 }, (_, combination) => {
      const variables = Object.fromEntries(
        names.map((name, bit) => [name, ((combination >> bit) & 1) === 1]),
      );
      return executor.execute({ document, variables, context: {} });
    });

    // Of 32 combinations, asked twice each, 16 are kept.
    expect(executor.statistics()).toEqual({ fast: 32, unplanned: { conditions: 32 }, handedOver: {} });
    expect(answers[3]).toEqual({ data: { number: 7, a: 7, b: 7 } });
  });
});

describe('the types of values', () => {
  const withoutTypename = {
    anyone: () => [{ name: 'Tom', lives: 9 }, { name: 'Rex', barks: true }, aPerson('Ada')],
  };
  const queries = [
    '{ anyone { __typename name } }',
    '{ anyone { ... on Cat { owner { name } lives } ... on Dog { owner { name } } } }',
  ];

  it.each(queries)('are told by the types themselves: %s', async (query) => {
    await expectFast(query, { Query: withoutTypename }, (schema) => {
      for (const [name, property] of [
        ['Cat', 'lives'],
        ['Dog', 'barks'],
        ['Person', 'age'],
      ] as const) {
        const type = schema.getType(name);
        if (isObjectType(type))
          type.isTypeOf = (value) => typeof value === 'object' && value !== null && property in value;
      }
    });
  });

  it('are told by the types themselves, which know their own names', async () => {
    await expectFast(
      '{ anyone { __typename name } }',
      { Query: { anyone: () => [{ kind: 'Dog', name: 'Rex' }] } },
      (schema) => {
        for (const name of ['Cat', 'Dog', 'Person']) {
          const type = schema.getType(name);
          if (isObjectType(type))
            type.isTypeOf = function isOfThis(this: unknown, { kind }) {
              return this === type && kind === name;
            };
        }
      },
    );
  });

  it.each(queries)('are told by the interface: %s', async (query) => {
    await expectFast(query, { Query: withoutTypename }, (schema) => {
      const type = schema.getType('Being');
      if (isInterfaceType(type))
        type.resolveType = (value) => ('lives' in value ? 'Cat' : 'barks' in value ? 'Dog' : 'Person');
    });
  });

  it.each([
    ['nothing', () => undefined],
    ['a type of another kind', () => 'Color'],
    ['a type that does not exist', () => 'Bird'],
    ['a promise', async () => 'Cat'],
    [
      'an error',
      () => {
        throw new GraphQLError('no type');
      },
    ],
  ])('may turn out to be %s', async (_what, resolveType) => {
    for (const query of ['{ anything { __typename } }', '{ anything { ... on Cat { owner { name } } } }']) {
      const { statistics } = await expectAgreement(query, {}, (schema) => {
        const type = schema.getType('Thing');
        if (isUnionType(type)) Object.assign(type, { resolveType });
      });

      expect(statistics.fast).toBe(0);
    }
  });

  it.each([
    ['no', () => false],
    ['a promise of no', async () => false],
    ['a promise of yes', async () => true],
    ['something', () => 'yes'],
  ])('can be denied by a type: %s', async (_what, isTypeOf) => {
    for (const query of [
      '{ person { name } }',
      '{ person { count } people { name } }',
      '{ anyone { name } }',
    ]) {
      const { statistics } = await expectAgreement(query, {}, (schema) => {
        const type = schema.getType('Person');
        if (isObjectType(type)) Object.assign(type, { isTypeOf });
      });

      expect(statistics.handedOver).toEqual({ 'no possible type': 1 });
    }
  });
});
