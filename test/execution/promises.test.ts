import { isInterfaceType, isObjectType, isScalarType, parse, type GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { anExecutor, type TestFields } from '../support/both-executors.ts';
import { aPerson, expectAgreement, nameOf, peopleSchema } from '../support/people-schema.ts';
import { unhandledDuring } from '../support/unhandled.ts';

const no = async () => {
  throw new Error('no');
};

const noop = () => undefined;

function scalar(serialize: (value: unknown) => unknown) {
  return (schema: GraphQLSchema) => {
    const type = schema.getType('Time');
    if (isScalarType(type)) type.serialize = serialize;
  };
}

function typeOfBeings(resolveType: () => Promise<string>) {
  return (schema: GraphQLSchema) => {
    const type = schema.getType('Being');
    if (isInterfaceType(type)) type.resolveType = resolveType;
  };
}

function everyType(isTypeOf: () => Promise<boolean>) {
  return (schema: GraphQLSchema) => {
    for (const name of ['Person', 'Cat', 'Dog']) {
      const type = schema.getType(name);
      if (isObjectType(type)) type.isTypeOf = isTypeOf;
    }
  };
}

describe('promises in unexpected places', () => {
  it.each([
    ['a promise', async () => 1815],
    ['a promise of null', async () => null],
    ['a promise that rejects', no],
    [
      'a function with a then',

      // oxlint-disable-next-line unicorn/no-thenable
      () => Object.assign(() => 1, { then: (found: (value: number) => void) => found(7) }),
    ],
  ])('are awaited if a scalar serializes a value to %s', async (_what, serialize) => {
    const unhandled = await unhandledDuring(async () => {
      const { statistics } = await expectAgreement('{ people { born count } }', {}, scalar(serialize));
      expect(statistics.bailedOut).toEqual({ 'a value is a promise': 1 });
    });

    expect(unhandled).toEqual([]);
  });

  it('are awaited if they are arrays with a `then`', async () => {
    const promised = (value: unknown, ...entries: unknown[]) =>
      // oxlint-disable-next-line unicorn/no-thenable
      Object.assign(entries, { then: (found: (value: unknown) => void) => found(value) });
    const person = () =>
      aPerson('Ada', { nicks: promised(['b'], 'a'), maybe: promised([aPerson('B')], null) });

    await expectAgreement('{ person { nicks } }', { Query: { person } });
    await expectAgreement('{ person { maybe { count } } }', { Query: { person } });
  });

  it.each<[string, string, TestFields, ((schema: GraphQLSchema) => void)?]>([
    ['a plain field', '{ people { nick } }', { Person: { nick: no } }],
    ['a plain field above one that fetches', '{ people { best { count } } }', { Person: { best: no } }],
    [
      'a plain field that resolves to a list of promises',
      '{ people { maybe { name } } }',
      { Person: { maybe: async () => [no()] } },
    ],
    [
      'a plain field before it throws for another source',
      '{ people { best { count } } }',
      {
        Person: {
          best: (row) => {
            if (nameOf(row) === 'Bob') throw new Error('Bob');
            return no();
          },
        },
      },
    ],
    [
      'values of a batch of several fields',
      '{ person { fetched { count } } people { fetched { count } } }',
      { Person: { fetched: { fetch: (rows) => rows.map(no) } } },
    ],
    ['an interface', '{ anyone { name } }', {}, typeOfBeings(no)],
    ['an interface above a fetch', '{ anyone { ... on Person { count } } }', {}, typeOfBeings(no)],
    ['a type', '{ people { name } }', {}, everyType(no)],
    [
      'the types of an interface',
      '{ anyone { name } }',
      { Query: { anyone: () => [{ name: 'Tom' }] } },
      everyType(no),
    ],
    [
      'a root field that graphql-js does not reach',
      '{ strict { name } people { name count } }',
      { Query: { strict: () => null, people: () => [no(), no()] } },
    ],
    [
      'a root field behind one that is an error',
      '{ strict { count } people { name } }',
      { Query: { strict: () => new Error('no'), people: () => [no(), no()] } },
    ],
    [
      'a root field beside one that fails',
      '{ strict { name } later { name } people { name } }',
      { Query: { strict: () => null, later: no, people: () => [no(), no()] } },
    ],
  ])('that reject are handled: %s', async (_what, query, changes, adjust) => {
    const unhandled = await unhandledDuring(async () => {
      await expectAgreement(query, changes, adjust);
    });

    expect(unhandled).toEqual([]);
  });

  it.each([
    ['query', 6, '{ people { best { fetched { count } } fetched { count } } }'],
    ['mutation', 2, 'mutation { first { maybe { fetched { count } } } }'],
  ])(
    'that reject are handled for parents that a plain field creates again: %s',
    async (_what, count, query) => {
      const changes = { Person: { fetched: { fetch: (rows: readonly unknown[]) => rows.map(no) } } };
      const executor = anExecutor(peopleSchema(changes));
      const document = parse(query);
      const unhandled = await unhandledDuring(async () => {
        const { errors } = (await executor.execute({ document, context: {} })) ?? {};
        expect(errors).toHaveLength(count);
      });

      expect(unhandled).toEqual([]);
    },
  );

  it.each([
    ['another fetch', '{ person { nick best { name } count } }'],
    ['one below', '{ person { nick fetched { count } } }'],
  ])('that reject while %s is awaited are handled', async (_what, query) => {
    let finish: (values: unknown) => void = noop;
    const slow = new Promise((resolve) => {
      finish = resolve;
    });
    const executor = anExecutor(
      peopleSchema({
        Person: {
          nick: { fetch: (rows) => rows.map(no) },
          fetched: { fetch: (rows) => rows.map(() => aPerson('Bob')) },
          best: { fetch: async (rows) => rows.map(no) },
          count: { fetch: (rows) => slow.then(() => rows.map(() => 1)) },
        },
      }),
    );
    const document = parse(query);
    const unhandled = await unhandledDuring(async () => {
      const answer = executor.execute({ document, context: {} });
      // Node reports unhandled rejections when the microtasks are done.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      finish(null);
      const { data } = (await answer) ?? {};
      expect(data).toMatchObject({ person: { nick: null } });
    });

    expect(unhandled).toEqual([]);
  });
});
