import { describe, expect, it } from 'vitest';
import type { TestFields } from '../support/both-executors.ts';
import { aPerson, expectAgreement, nameOf } from '../support/people-schema.ts';

const everySecond = (other: unknown) => ({
  fetch: async (rows: readonly unknown[]) =>
    rows.map((row, index) => (index % 2 === 1 ? other : aPerson(`${nameOf(row)}'s`))),
});

describe('values that graphql-js treats specially have its result and call nothing twice', () => {
  const cases: [string, string, string, TestFields][] = [
    [
      'a value is a promise',
      'a plain field that promises',
      '{ people { name nick count } }',
      { Person: { nick: async () => 'later' } },
    ],
    [
      'a value is a promise',
      'a plain field above one that fetches that promises',
      '{ people { best { count } } }',
      { Person: { best: async () => aPerson('B') } },
    ],
    [
      'a value is a promise',
      'promises in a list',
      '{ people { name } }',
      { Query: { people: () => [Promise.resolve(aPerson('Ada')), aPerson('Bob')] } },
    ],
    [
      'a value is a promise',
      'promises among what was fetched',
      '{ people { fetched { name } } }',
      { Person: { fetched: everySecond(Promise.resolve(aPerson('P'))) } },
    ],
    [
      'a value is a promise',
      'a promise of what has many types',
      '{ person { pet { name } } }',
      { Person: { pet: async () => aPerson('P') } },
    ],
    [
      'a value is a function',
      'a property that is a function',
      '{ person { nick name } }',
      {
        Query: {
          person: () => ({
            name: 'Ada',
            nick: () => 'a function',
          }),
        },
      },
    ],
    [
      'a value is a function',
      'a source that is a function',
      '{ person { name } }',
      { Query: { person: () => Object.assign(() => 1, { nick: 'F' }) } },
    ],
    [
      'no array for a list',
      'a set',
      '{ people { name } }',
      { Query: { people: () => new Set([aPerson('Ada')]) } },
    ],
    [
      'no array for a list',
      'something that is no list',
      '{ people { maybe { count } } }',
      { Person: { maybe: () => ({ length: 1 }) } },
    ],
    [
      'no array for a list',
      'a text for a list',
      '{ person { nicks } }',
      { Query: { person: () => aPerson('Ada', { nicks: 'Addy' }) } },
    ],
    [
      'no object for an object',
      'a text for an object',
      '{ person { nick age } }',
      { Query: { person: () => 'text' } },
    ],
    [
      'no object for an object',
      'a text for an object below which something is fetched',
      '{ person { best { count } } }',
      { Person: { best: () => 'text' } },
    ],
    [
      'no object for an object',
      'a number for something of many types',
      '{ anyone { name } }',
      { Query: { anyone: () => [7] } },
    ],
    [
      'no possible type',
      'a type that does not exist',
      '{ anyone { name } }',
      { Query: { anyone: () => [{ __typename: 'Bird' }] } },
    ],
    [
      'no possible type',
      'a type that is none of these',
      '{ anything { __typename ... on Cat { owner { name } } } }',
      { Query: { anything: () => [aPerson('Ada')] } },
    ],
    ['no possible type', 'no type at all', '{ anyone { name } }', { Query: { anyone: () => [{}] } }],
    [
      'no answer for each parent',
      'too few answers',
      '{ people { name fetched { name } } }',
      { Person: { fetched: { fetch: async () => [null] } } },
    ],
    [
      'no answer for each parent',
      'no list of answers',
      '{ people { name fetched { name } } }',
      { Person: { fetched: { fetch: () => 'all' } } },
    ],
  ];

  it.each(cases)('%s: %s', async (reason, _what, query, changes) => {
    const { statistics } = await expectAgreement(query, changes);

    expect(statistics).toEqual({ fast: 0, notPlannable: {}, bailedOut: { [reason]: 1 } });
  });
});
