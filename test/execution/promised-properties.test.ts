import { execute, parse, type GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { anExecutor } from '../support/both-executors.ts';
import { deferred, settled } from '../support/deferred.ts';
import { aPerson, peopleSchema, type Row } from '../support/people-schema.ts';
import { unhandledDuring } from '../support/unhandled.ts';

/** A row with a property that fails before anybody reads it. */
const odd = (name = 'nick') => aPerson('Odd', { [name]: Promise.reject(new Error('no')) });

const cases: [string, string, () => Row][] = [
  ['beside it', '{ person { nick count } }', () => odd()],
  [
    'in a list beside it',
    '{ person { nicks count } }',
    () => aPerson('Ada', { nicks: [Promise.reject(new Error('no'))] }),
  ],
  ['where an object is expected', '{ person { best { nick } count } }', () => odd('best')],
  ['where a list is expected', '{ person { maybe { nick } count } }', () => odd('maybe')],
  ['below another property', '{ person { best { nick } count } }', () => aPerson('Ada', { best: odd() })],
  [
    'in a list of rows',
    '{ person { maybe { nick } count } }',
    () => aPerson('Ada', { maybe: [odd(), null, odd()] }),
  ],
  [
    'in one of many types',
    '{ person { pet { ... on Person { nick } } count } }',
    () => aPerson('Ada', { pet: odd() }),
  ],
  ['above it', '{ person { best { nick count } } }', () => aPerson('Ada', { best: odd() })],
  [
    'above it, of many types',
    '{ person { pet { ... on Person { nick count } } } }',
    () => aPerson('Ada', { pet: odd() }),
  ],
  ['in what was fetched at once above it', '{ person { fetchedStrict { nick count } } }', () => odd()],
  ['in what was fetched above it', '{ person { fetched { nick count } } }', () => odd()],
  ['in what was fetched at once beside it', '{ person { fetchedStrict { nick } count } }', () => odd()],
  ['in what was fetched beside it', '{ person { fetched { nick } count } }', () => odd()],
  ['in another root field', '{ person { nick } later { name } }', () => odd()],
  ['in a root field that came before it', '{ laterStrict { nick } later { name } }', () => odd()],
  ['in a mutation', 'mutation { first { nick count } }', () => odd()],
  [
    'as what it throws instead',
    '{ person { fetched { nick } count } }',
    () =>
      withGetter('nick', () => {
        throw new Error('no');
      }),
  ],
];

function withGetter(name: string, get: () => unknown): Row {
  return Object.defineProperty({ ...aPerson('Odd') }, name, { get });
}

/** Runs a query that reads the odd row, and resolves its slow fields once nothing else is pending. */
async function runSlowly(
  ask: (schema: GraphQLSchema) => unknown,
  query: string,
  row: () => Row,
): Promise<void> {
  const slow = deferred<null>();
  const isFetched = query.includes('fetched');
  const person = () => (isFetched ? aPerson('Ada') : row());
  const schema = peopleSchema({
    Query: { person, later: () => slow.promise.then(() => aPerson('Late')), laterStrict: async () => row() },
    Mutation: { first: person },
    Person: {
      best: undefined,
      maybe: undefined,
      pet: undefined,
      fetched: { fetch: async (rows) => rows.map(row) },
      fetchedStrict: { fetch: (rows) => rows.map(row) },
      count: { fetch: (rows) => slow.promise.then(() => rows.map(() => 1)) },
    },
  });
  const answer = ask(schema);
  await settled();
  slow.resolve(null);
  await answer;
}

describe('a promise in a property that rejects during a wait', () => {
  it.each(cases)('is handled %s: %s', async (_where, query, row) => {
    const document = parse(query);
    const unhandled = (ask: (schema: GraphQLSchema) => unknown) =>
      unhandledDuring(() => runSlowly(ask, query, row));

    expect(await unhandled((schema) => execute({ schema, document, contextValue: {} }))).toEqual([]);
    expect(await unhandled((schema) => anExecutor(schema).execute({ document, context: {} }))).toEqual([]);
  });

  it.each([
    [
      'nick',
      'once before two waits and once for the response',
      2,
      '{ person { nick fetched { count } } }',
      undefined,
    ],
    ['best', 'once when it is gathered', 1, '{ person { best { count } count } }', undefined],
    ['nick', 'never if the field has a resolver', 0, '{ person { nick count } }', () => 'other'],
  ])('%s is read %s', async (name, _when, times, query, nick) => {
    let reads = 0;
    const person = () =>
      withGetter(name, () => {
        reads += 1;
        return null;
      });
    const schema = peopleSchema({ Query: { person }, Person: { best: undefined, nick } });
    await anExecutor(schema).execute({ document: parse(query), context: {} });

    expect(reads).toBe(times);
  });
});
