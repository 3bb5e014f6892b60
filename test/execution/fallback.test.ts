import { GraphQLError, isScalarType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { expectAgreement, aPerson, nameOf, peopleSchema } from '../support/people-schema.ts';
import { anExecutor, type TestFields } from '../support/both-executors.ts';
import { unhandledDuring } from '../support/unhandled.ts';

const fail = (message: string) => () => {
  throw new Error(message);
};
const rejecting = (message: string) => async () => {
  throw new Error(message);
};
const everySecond = (other: unknown) => ({
  fetch: async (rows: readonly unknown[]) =>
    rows.map((row, index) => (index % 2 === 1 ? other : aPerson(`${nameOf(row)}'s`))),
});

describe('an operation that bails out has the result of graphql-js and calls nothing twice', () => {
  const cases: [string, string, string, TestFields][] = [
    [
      'a field threw',
      'a root field that throws',
      '{ a: person { name } number later { count } }',
      { Query: { number: fail('no') } },
    ],
    [
      'a field threw',
      'a root field that throws where there must be a value',
      '{ a: person { name } strict { name } later { name } }',
      { Query: { strict: fail('no') } },
    ],
    [
      'a field threw',
      'a root field that rejects',
      '{ later { name } person { fetched { name } } }',
      { Query: { later: rejecting('late') } },
    ],
    [
      'a field threw',
      'a root field that rejects where there must be a value',
      '{ laterStrict { name } later { name } }',
      { Query: { laterStrict: rejecting('late') } },
    ],
    [
      'a field threw',
      'a plain field that throws',
      '{ people { name age count } }',
      { Person: { age: fail('no age') } },
    ],
    [
      'a field threw',
      'a plain field that throws above one that fetches',
      '{ people { name best { count } } }',
      { Person: { best: fail('no best') } },
    ],
    [
      'a field threw',
      'a plain field that throws where there must be a value',
      '{ people { maybe { name strict { count } } } }',
      { Person: { strict: fail('no') } },
    ],
    [
      'a field threw',
      'a fetch that throws',
      '{ people { name fetchedStrict { name } fetched { name } } }',
      { Person: { fetchedStrict: { fetch: fail('no') } } },
    ],
    [
      'a field threw',
      'fetches that reject',
      '{ people { maybe { fetched { name } count } } }',
      { Person: { fetched: { fetch: rejecting('no') }, count: { fetch: rejecting('no count') } } },
    ],
    [
      'a field threw',
      'an error with extensions',
      '{ person { nick } }',
      {
        Person: {
          nick: () => {
            throw new GraphQLError('mine', { extensions: { code: 'X' } });
          },
        },
      },
    ],
    [
      'a field threw',
      'a thrown string',
      '{ person { nick } }',
      {
        Person: {
          nick: () => {
            throw 'text';
          },
        },
      },
    ],
    [
      'a value is an error',
      'errors among fetched values',
      '{ people { fetched { name } } }',
      { Person: { fetched: everySecond(new Error('this one')) } },
    ],
    [
      'a value is an error',
      'an error in a row',
      '{ person { nick } }',
      { Query: { person: () => aPerson('Ada', { nick: new Error('odd') }) } },
    ],
    [
      'a value is an error',
      'an error among people',
      '{ people { name } }',
      { Query: { people: () => [aPerson('Ada'), new Error('odd')] } },
    ],
    [
      'a value is an error',
      'an error for an interface',
      '{ anyone { name } }',
      { Query: { anyone: () => [new Error('odd'), aPerson('Ada')] } },
    ],
    [
      'null where there must be a value',
      'null among fetched values',
      '{ people { maybe { fetchedStrict { name } } } }',
      { Person: { fetchedStrict: everySecond(null) } },
    ],
    [
      'null where there must be a value',
      'undefined in a row',
      '{ people { best { name } } }',
      { Person: { best: () => ({ id: 1 }) } },
    ],
    [
      'null where there must be a value',
      'null in a list',
      '{ people { name } }',
      { Query: { people: () => [aPerson('Ada'), null] } },
    ],
    [
      'null where there must be a value',
      'null in a list of a fetched page',
      '{ people { page { nodes { name count } } } }',
      { Person: { page: everySecond({ nodes: [null], total: 1 }) } },
    ],
    [
      'null where there must be a value',
      'a null up to the top',
      '{ laterStrict { fetchedStrict { fetchedStrict { name } } } }',
      { Person: { fetchedStrict: { fetch: (rows) => rows.map(() => null) } } },
    ],
    [
      'a field threw',
      'fractions for an Int',
      '{ people { age } }',
      { Person: { age: (row) => (nameOf(row) === 'Bob' ? 1.5 : 2) } },
    ],
    ['a field threw', 'NaN for a Float', '{ person { height } }', { Person: { height: () => Number.NaN } }],
    ['a field threw', 'an object for a String', '{ people { name nick } }', { Person: { nick: () => ({}) } }],
    ['a field threw', 'an unknown enum value', '{ people { color } }', { Person: { color: () => 'BLUE' } }],
  ];

  it.each(cases)('%s: %s', async (reason, _what, query, changes) => {
    const { statistics } = await expectAgreement(query, changes);

    expect(statistics).toEqual({ fast: 0, notPlannable: {}, bailedOut: { [reason]: 1 } });
  });

  it.each([null, undefined])('a scalar that serializes a value to %s: null', async (nothing) => {
    const { statistics } = await expectAgreement('{ people { born } }', {}, (schema) => {
      const type = schema.getType('Time');
      if (isScalarType(type)) type.serialize = () => nothing;
    });

    expect(statistics.bailedOut).toEqual({ 'no value after serialization': 1 });
  });

  it('many errors in queries and batches: all of them are reported', async () => {
    const { level } = await expectAgreement(
      '{ a: people { maybe { count } } later { fetched { name } } b: people { nick } people { best { strict { fetched { nick } } } } }',
      {
        Query: { later: rejecting('late') },
        Person: {
          nick: (row) => (nameOf(row) === 'Bob' ? fail('nick')() : nameOf(row)),
          count: { fetch: (rows) => rows.map((row) => (nameOf(row).endsWith('1') ? new Error('count') : 1)) },
          fetched: { fetch: rejecting('fetched') },
        },
      },
    );

    expect(JSON.parse(level).errors.length).toBeGreaterThan(5);
  });

  it('a lazy thenable of a root field: its `then` is called once', async () => {
    const called: string[] = [];
    const lazy = (name: string) => ({
      // oxlint-disable-next-line unicorn/no-thenable
      then(...handlers: Parameters<Promise<unknown>['then']>) {
        called.push(name);
        return Promise.resolve(aPerson(name)).then(...handlers);
      },
    });
    await expectAgreement('{ later { name } person { nick } }', {
      Query: { later: () => lazy('lazy') },
      Person: { nick: fail('no') },
    });

    // Once by each executor.
    expect(called).toEqual(['lazy', 'lazy']);
  });

  it('promises that are no longer awaited: no rejection is unhandled', async () => {
    const reject = () => Promise.reject(new Error('unhandled'));
    const worlds: [string, TestFields][] = [
      ['{ people { nick count } }', { Person: { nick: reject } }],
      ['{ people { best { count } } }', { Person: { best: reject } }],
      ['{ people { maybe { count } } }', { Person: { maybe: () => [reject(), reject()] } }],
      ['{ people { maybe { name } } }', { Person: { maybe: () => [reject(), reject()] } }],
      ['{ people { fetched { name } } }', { Person: { fetched: { fetch: (rows) => rows.map(reject) } } }],
      ['{ a: later { name } strict { name } }', { Query: { later: reject, strict: fail('no') } }],
      ['mutation { first { nick } second { nick } }', { Person: { nick: reject } }],
    ];
    const unhandled = await unhandledDuring(async () => {
      for (const [query, changes] of worlds) {
        await anExecutor(peopleSchema(changes)).execute({ document: parse(query), context: {} });
      }
    });

    expect(unhandled).toEqual([]);
  });
});
