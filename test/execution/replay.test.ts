import { execute, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { anExecutor, askBoth, aSchema } from '../support/both-executors.ts';
import { aPerson, expectAgreement, peopleSchema } from '../support/people-schema.ts';

const fail = (message: string) => () => {
  throw new Error(message);
};

describe('a fallback to graphql-js', () => {
  it('with a batched field that was fetched with two lists of arguments: each place gets its own values', async () => {
    const { level } = await expectAgreement(
      '{ person { nick a: friends(first: 1) { name } b: friends(first: 3) { name } } }',
      { Person: { nick: fail('no') } },
    );

    expect(JSON.parse(level).data.person).toMatchObject({ a: { length: 1 }, b: { length: 3 } });
  });

  it('with two selections below one parent: each place gets the value that was fetched for it', async () => {
    const schema = peopleSchema({
      Person: {
        echo: fail('no'),
        fetchedStrict: { fetch: (rows) => rows },
        fetched: {
          fetch: (rows, _args, _context, selection) =>
            rows.map(() => (selection.below('nick') === null ? { name: 'Ada' } : { nick: 'Addy' })),
        },
      },
    });
    const document = parse('{ person { echo fetched { name } fetchedStrict { fetched { nick } } } }');
    const answer = await anExecutor(schema).execute({ document, context: {} });

    expect(answer?.data).toEqual({
      person: { echo: null, fetched: { name: 'Ada' }, fetchedStrict: { fetched: { nick: 'Addy' } } },
    });
  });

  it('before a root field without a resolver was reached: it is read from the root value', async () => {
    const rootValue = { number: 12 };
    const { level } = await expectAgreement(
      { query: '{ person { name } number }', rootValue },
      { Query: { person: fail('no'), number: undefined } },
    );

    expect(JSON.parse(level).data).toEqual({ person: null, number: 12 });
  });

  it('before a root field was reached: its info contains the root value', async () => {
    const { level } = await expectAgreement(
      { query: '{ person { name } echo }', rootValue: { number: 12 } },
      {
        Query: { person: fail('no'), echo: (_root, _args, _context, info) => JSON.stringify(info.rootValue) },
      },
    );

    expect(JSON.parse(level).data).toEqual({ person: null, echo: '{"number":12}' });
  });

  it('before a mutation without a resolver was reached: it is read from the root value', async () => {
    const { level } = await expectAgreement(
      { query: 'mutation { first { nick } second { name } }', rootValue: { second: { name: 'Root' } } },
      { Mutation: { second: undefined }, Person: { nick: fail('no') } },
    );

    expect(JSON.parse(level).data).toMatchObject({ second: { name: 'Root' } });
  });

  it('of a mutation: info contains the name and the directives of the operation', async () => {
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

  it('after a batch returned no array: the field is resolved by graphql-js, with the root value in its info', async () => {
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

  it('with root fields that are still in flight: all their errors are reported', async () => {
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

    expect(new Set(errors.map(({ path }) => path[0])).size).toBe(6);
  });

  it('is not used for operations that graphql-js runs alone', async () => {
    const schema = peopleSchema();
    anExecutor(schema);
    const answer = await execute({ schema, document: parse('{ person { count } }'), contextValue: {} });

    expect(answer).toEqual({ data: { person: { count: 3 } } });
  });
});
