import { GraphQLSchema, isInterfaceType, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { anExecutor, aSchema } from '../support/both-executors.ts';
import { peopleSchema } from '../support/people-schema.ts';

function run(
  query: string,
  options: { schema?: GraphQLSchema; variables?: Record<string, unknown>; operationName?: string } = {},
) {
  const { schema = peopleSchema(), ...operation } = options;
  const executor = anExecutor(schema);
  const answer = executor.execute({ document: parse(query), context: {}, ...operation });
  return { answer, statistics: executor.statistics() };
}

describe('operations that cannot be planned are left to graphql-js before anything has run', () => {
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
    ['invalid', '{ number @skip }', {}],
    ['unknown operation', 'mutation { a }', { schema: aSchema('type Query { a: Int }', {}) }],
    ['conditions', 'query ($on: Boolean = true) { number @include(if: $on) }', { variables: { on: null } }],
  ])('%s: %s', (reason, query, options) => {
    const { answer, statistics } = run(query, options);

    expect(answer).toBeNull();
    expect(statistics).toEqual({ fast: 0, notPlannable: { [reason]: 1 }, bailedOut: {} });
  });

  it('info: a plain field whose resolver expects info', () => {
    const schema = peopleSchema({ Person: { nick: (_row, _args, _context, info) => info.fieldName } });

    expect(run('{ person { nick } }', { schema }).statistics.notPlannable).toEqual({ info: 1 });
    expect(run('{ person { name } }', { schema }).statistics.fast).toBe(1);
  });

  it('info: a field whose mark is not a function', () => {
    const schema = peopleSchema();
    const person = schema.getType('Person');
    const count = isObjectType(person) ? person.getFields()['count'] : undefined;
    if (count !== undefined) count.extensions = { batched: 'yes' };

    expect(run('{ person { count } }', { schema }).statistics.notPlannable).toEqual({ info: 1 });
  });

  it('type: a resolveType function that expects info', () => {
    const schema = peopleSchema();
    const being = schema.getType('Being');
    if (isInterfaceType(being)) being.resolveType = (_value, _context, info) => info.parentType.name;

    expect(run('{ anyone { name } }', { schema }).statistics.notPlannable).toEqual({ type: 1 });
    expect(run('{ person { name } }', { schema }).statistics.fast).toBe(1);
  });

  it('type: an isTypeOf function that expects info', () => {
    const schema = peopleSchema();
    const cat = schema.getType('Cat');
    if (isObjectType(cat)) cat.isTypeOf = (_value, _context, info) => info !== undefined;

    expect(run('{ anything { ... on Cat { name } } }', { schema }).statistics.notPlannable).toEqual({
      type: 1,
    });
    expect(run('{ person { name } }', { schema }).statistics.fast).toBe(1);
  });

  it('size: nested fragments that double the fields at each level', () => {
    const levels = Array.from({ length: 16 }, (_, level) => level);
    const fragments = levels.map(
      (level) =>
        `fragment F${level} on Person { name a: best { ...F${level + 1} } b: best { ...F${level + 1} } }`,
    );
    const query = `{ person { ...F0 } } ${fragments.join(' ')} fragment F${levels.length} on Person { name }`;

    expect(run(query).statistics.notPlannable).toEqual({ size: 1 });
  });

  it('size: more than 10,000 fields', () => {
    const aliases = Array.from({ length: 10_001 }, (_, index) => `a${index}: number`);

    expect(run(`{ ${aliases.slice(1).join(' ')} }`).statistics.fast).toBe(1);
    expect(run(`{ ${aliases.join(' ')} }`).statistics.notPlannable).toEqual({ size: 1 });
  });

  it('size: more than 10,000 `__typename`s by fragments', () => {
    const aliases = Array.from({ length: 120 }, (_, index) => index);
    const query = `{ person { ${aliases.map((index) => `a${index}: best { ...F }`).join(' ')} } }
      fragment F on Person { ${aliases.map((index) => `t${index}: __typename`).join(' ')} }`;

    expect(run(query).statistics.notPlannable).toEqual({ size: 1 });
  });

  it('conditions: more combinations than are kept', () => {
    const executor = anExecutor(peopleSchema());
    const names = ['a', 'b', 'c', 'd', 'e'];
    const document = parse(
      `query (${names.map((name) => `$${name}: Boolean!`).join()}) { number ${names.map((name) => `${name}: number @include(if: $${name})`).join(' ')} }`,
    );
    const plans = executor.plan(document, () => {});
    const answers = Array.from({ length: 64 }, (_, combination) => {
      const variables = Object.fromEntries(
        names.map((name, bit) => [name, ((combination >> bit) & 1) === 1]),
      );
      return executor.execute({ document, plans, variables, context: {} });
    });

    // Of 32 combinations, each run twice, 16 are kept.
    expect(executor.statistics()).toEqual({ fast: 32, notPlannable: { conditions: 32 }, bailedOut: {} });
    expect(answers[3]).toEqual({ data: { number: 7, a: 7, b: 7 } });
  });
});

describe('the level executor', () => {
  it('counts operations by the way they were run', async () => {
    const executor = anExecutor(peopleSchema({ Query: { later: () => null, number: () => 'none' } }));
    const queries = [
      '{ later { name } }',
      '{ number }',
      '{ __schema { types { name } } }',
      'subscription { person { name } }',
    ];
    for (const query of [...queries, ...queries])
      await executor.execute({ document: parse(query), context: {} });

    expect(executor.statistics()).toEqual({
      fast: 2,
      notPlannable: { introspection: 2, subscription: 2 },
      bailedOut: { 'a field threw': 2 },
    });
  });

  it('ignores a field that does not exist, as graphql-js does', () => {
    const { answer } = run('{ number nothing person { nothing name } }');

    expect(answer).toEqual({ data: { number: 7, person: { name: 'Ada' } } });
  });

  it('accepts null for variables and operation name', () => {
    const document = parse('query A($name: String = "Eve") { person(name: $name) { name } }');
    const given = { document, variables: null, operationName: null, context: {} };

    expect(anExecutor(peopleSchema()).execute(given)).toEqual({ data: { person: { name: 'Eve' } } });
  });

  it('rejects an invalid schema', () => {
    expect(() => anExecutor(new GraphQLSchema({}))).toThrow('Query root type must be provided.');
  });
});
