import { execute, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { anExecutor, askBoth, aSchema } from '../support/both-executors.ts';
import { aPerson, expectAgreement, peopleSchema } from '../support/people-schema.ts';

const fail = (message: string) => () => {
  throw new Error(message);
};

describe('a fallback to graphql-js', () => {
  it('does not mix up fetches with different arguments', async () => {
    const { level } = await expectAgreement(
      '{ person { nick a: friends(first: 1) { name } b: friends(first: 3) { name } } }',
      { Person: { nick: fail('no') } },
    );

    expect(JSON.parse(level).data.person).toMatchObject({ a: { length: 1 }, b: { length: 3 } });
  });

  it('passes the root value to root fields that have not run', async () => {
    const rootValue = { number: 12 };
    const { level } = await expectAgreement(
      { query: '{ person { name } number }', rootValue },
      { Query: { person: fail('no'), number: undefined } },
    );

    expect(JSON.parse(level).data).toEqual({ person: null, number: 12 });
  });

  it('passes a primitive root value to root fields that have not run', async () => {
    const { level } = await expectAgreement(
      { query: '{ person { name } echo }', rootValue: { number: 12 } },
      {
        Query: { person: fail('no'), echo: (_root, _args, _context, info) => JSON.stringify(info.rootValue) },
      },
    );

    expect(JSON.parse(level).data).toEqual({ person: null, echo: '{"number":12}' });
  });

  it('passes the root value to mutations that have not run', async () => {
    const { level } = await expectAgreement(
      { query: 'mutation { first { nick } second { name } }', rootValue: { second: { name: 'Root' } } },
      { Mutation: { second: undefined }, Person: { nick: fail('no') } },
    );

    expect(JSON.parse(level).data).toMatchObject({ second: { name: 'Root' } });
  });

  it('runs the selected operation, with its name and directives', async () => {
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

  it('passes the root value to fetches without a result', async () => {
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

  it('reports errors in the order in which the roots settled, pending ones included', async () => {
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

  it('resolves all values of one fetch together, like a DataLoader', async () => {
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

  it('reports errors in the order in which their parents settled', async () => {
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

  it('does not affect operations that run in graphql-js only', async () => {
    const schema = peopleSchema();
    anExecutor(schema);
    const answer = await execute({ schema, document: parse('{ person { count } }'), contextValue: {} });

    expect(answer).toEqual({ data: { person: { count: 3 } } });
  });
});
