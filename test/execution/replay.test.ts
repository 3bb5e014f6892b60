import { isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { aPerson, expectAgreement } from '../support/people-schema.ts';

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
});
