import { execute, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { anExecutor, askBoth, aSchema } from '../support/both-executors.ts';
import { aPerson, expectAgreement, peopleSchema } from '../support/people-schema.ts';

const fail = (message: string) => () => {
  throw new Error(message);
};

describe('what is handed over to graphql-js', () => {
  it('is not mistaken for what was fetched with other arguments', async () => {
    const { level } = await expectAgreement(
      '{ person { nick a: friends(first: 1) { name } b: friends(first: 3) { name } } }',
      { Person: { nick: fail('no') } },
    );

    expect(JSON.parse(level).data.person).toMatchObject({ a: { length: 1 }, b: { length: 3 } });
  });

  it('has the root value for root fields that were not reached', async () => {
    const rootValue = { number: 12 };
    const { level } = await expectAgreement(
      { query: '{ person { name } number }', rootValue },
      { Query: { person: fail('no'), number: undefined } },
    );

    expect(JSON.parse(level).data).toEqual({ person: null, number: 12 });
  });

  it('knows the root value where root fields were not reached', async () => {
    const { level } = await expectAgreement(
      { query: '{ person { name } echo }', rootValue: { number: 12 } },
      {
        Query: { person: fail('no'), echo: (_root, _args, _context, info) => JSON.stringify(info.rootValue) },
      },
    );

    expect(JSON.parse(level).data).toEqual({ person: null, echo: '{"number":12}' });
  });

  it('has the root value for mutations that were not reached', async () => {
    const { level } = await expectAgreement(
      { query: 'mutation { first { nick } second { name } }', rootValue: { second: { name: 'Root' } } },
      { Mutation: { second: undefined }, Person: { nick: fail('no') } },
    );

    expect(JSON.parse(level).data).toMatchObject({ second: { name: 'Root' } });
  });

  it('is the operation that was asked for, with its name and its directives', async () => {
    const make = () =>
      aSchema(
        'directive @noted on MUTATION type Query { a: String } type Mutation { first: Int second: String }',
        {
          Mutation: {
            first: fail('no'),
            second: (_root, _args, _context, { operation }) =>
              [operation.name, ...(operation.directives ?? []).map(({ name }) => name)]
                .map((name) => name?.value)
                .join(),
          },
        },
      );
    const query = 'mutation A { second } mutation B @noted { first second }';
    const { level, graphqlJs } = await askBoth(make, { query, operationName: 'B' });

    expect(level).toBe(graphqlJs);
    expect(JSON.parse(level).data).toEqual({ first: null, second: 'B,noted' });
  });

  it('has the root value for fetches that gave no answer', async () => {
    const { level } = await expectAgreement(
      { query: '{ person { count } }', rootValue: 12 },
      { Person: { count: { fetch: () => 'all' } } },
      (schema) => {
        const type = schema.getType('Person');
        const count = isObjectType(type) ? type.getFields()['count'] : undefined;
        if (count !== undefined) count.resolve = (_person, _args, _context, info) => info.rootValue;
      },
    );

    expect(JSON.parse(level).data).toEqual({ person: { count: 12 } });
  });

  it.each([
    ['later', '{ later { fetched { nick } fetchedList { nick } } }'],
    ['first', 'mutation { first { fetched { nick } fetchedList { nick } } }'],
  ])('has its errors in the order in which fetches below %s arrived', async (root, query) => {
    const { level } = await expectAgreement(query, {
      Person: {
        fetched: {
          fetch: async (rows) => {
            for (let turn = 0; turn < 9; turn += 1) await Promise.resolve();
            return rows.map(() => aPerson('Slow'));
          },
        },
        fetchedList: { fetch: async (rows) => rows.map(() => [aPerson('Quick')]) },
        nick: fail('no'),
      },
    });

    expect(JSON.parse(level).errors).toMatchObject([
      { path: [root, 'fetchedList', 0, 'nick'] },
      { path: [root, 'fetched', 'nick'] },
    ]);
  });

  it('has its errors in the order in which the roots arrived, also those that were still under way', async () => {
    let calls = 0;
    const later = async () => {
      const turns = calls % 6;
      calls += 1;
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      if (turns === 4) throw new Error('the fifth');
      return aPerson('Late');
    };
    const query =
      '{ a: later { nick } b: later { nick } c: later { nick } d: later { nick } e: later { nick } f: later { nick } }';
    const { level } = await expectAgreement(query, { Query: { later }, Person: { nick: fail('no') } });
    const errors: { path: unknown[] }[] = JSON.parse(level).errors;

    expect(errors.map(({ path }) => path[0])).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('has all values of one fetch together, as from a DataLoader, those of the next behind them', async () => {
    const query = `{ people { fetched { name } x: fetched(n: 1) { name } }
      later { fetched { name } x: fetched(n: 1) { name } } }`;
    const { level } = await expectAgreement(query, {
      Person: { fetched: { fetch: (rows) => rows.map(() => new Error('no')) } },
    });
    const errors: { path: unknown[] }[] = JSON.parse(level).errors;

    expect(errors.map(({ path }) => path.at(-1))).toEqual([
      ...Array.from({ length: 4 }, () => 'fetched'),
      ...Array.from({ length: 4 }, () => 'x'),
    ]);
  });

  it('has its errors in the order in which what they are in arrived', async () => {
    const slow = async () => {
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
      return aPerson('Slow');
    };
    const { level } = await expectAgreement('{ later { nick } laterStrict { nick } }', {
      Query: { later: slow },
      Person: { nick: fail('no') },
    });

    expect(JSON.parse(level).errors).toMatchObject([
      { path: ['laterStrict', 'nick'] },
      { path: ['later', 'nick'] },
    ]);
  });

  it('is nothing to operations that graphql-js runs alone', async () => {
    const schema = peopleSchema();
    anExecutor(schema);
    const answer = await execute({ schema, document: parse('{ person { count } }'), contextValue: {} });

    expect(answer).toEqual({ data: { person: { count: 3 } } });
  });
});
