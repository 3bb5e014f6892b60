import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { anExecutor } from '../support/both-executors.ts';
import type { TestFields } from '../support/both-executors.ts';
import { aPerson, expectAgreement, expectFast, nameOf, peopleSchema } from '../support/people-schema.ts';

/** Three mutations and a batched field that record their calls; the first mutation can be replaced. */
function world(first: () => unknown = () => aPerson('First')) {
  const events: string[] = [];
  const happening = (name: string, answer: () => unknown) => async () => {
    events.push(`${name} begins`);
    await Promise.resolve();
    events.push(`${name} ends`);
    return answer();
  };
  const changes: TestFields = {
    Mutation: {
      first: happening('first', first),
      second: happening('second', () => aPerson('Second')),
      third: happening('third', () => null),
    },
    Person: {
      fetched: {
        fetch: async (rows) => {
          events.push(`fetched for ${rows.map(nameOf).join()}`);
          return rows.map((row) => aPerson(`${nameOf(row)}'s`));
        },
      },
      nick: (row) => {
        events.push(`read of ${nameOf(row)}`);
        return nameOf(row);
      },
    },
  };
  return { events, changes };
}

async function run(query: string, { events, changes }: ReturnType<typeof world>) {
  const executor = anExecutor(peopleSchema(changes));
  const answer = await executor.execute({ document: parse(query), context: {} });
  return { events, answer, statistics: executor.statistics() };
}

describe('mutations', () => {
  it('run in sequence, each with all fields below it', async () => {
    const query = 'mutation { first { nick fetched { name nick } } second { fetched { name } nick } }';
    await expectFast(query, world().changes);
    const { events } = await run(query, world());

    expect(events).toEqual([
      'first begins',
      'first ends',
      'fetched for First',
      'read of First',
      "read of First's",
      'second begins',
      'second ends',
      'fetched for Second',
      'read of Second',
    ]);
  });

  it.each([
    ['its payload is no answer', () => ({ name: null })],
    ['what it leads to is none', () => aPerson('First', { age: 1.5 })],
    [
      'it throws',
      () => {
        throw new Error('refused');
      },
    ],
    ['it answers an error', () => new Error('refused')],
  ])('run once if %s, and later ones run too', async (_what, first) => {
    const query =
      'mutation { n: count first { name age fetched { name } } second { fetched { name count } } }';
    await expectAgreement(query, world(first).changes);
    const { events, answer, statistics } = await run(query, world(first));

    expect(events.filter((event) => event.endsWith('begins'))).toEqual(['first begins', 'second begins']);
    expect(events.filter((event) => event.startsWith('fetched for Second'))).toHaveLength(1);
    expect(statistics.fast).toBe(0);
    expect(answer?.data).toMatchObject({ n: 3, second: { fetched: { name: "Second's" } } });
  });

  it('that throw synchronously are not run again', async () => {
    let calls = 0;
    const third = () => {
      calls += 1;
      throw new Error('at once');
    };
    const changes: TestFields = { Mutation: { first: third, third }, Query: { person: third } };
    for (const query of [
      'mutation { first { name } second { name } }',
      'mutation { third { name } }',
      '{ person { name } later { name } }',
    ]) {
      calls = 0;
      await anExecutor(peopleSchema(changes)).execute({ document: parse(query), context: {} });

      expect(calls).toBe(1);
    }
  });

  it('after one that is null but must not be: are not run', async () => {
    const query = 'mutation { second { name } third { name } first { name } }';
    await expectAgreement(query, world().changes);
    const { events, answer } = await run(query, world());

    expect(events.filter((event) => event.endsWith('begins'))).toEqual(['second begins', 'third begins']);
    expect(answer?.data).toBeNull();
  });

  it.each([
    ['first', 'mutation { first { nick count } second { count } }'],
    ['second', 'mutation { first { count } second { nick count } }'],
  ])('fetch values of their own after earlier ones, if the %s bails out', async (_which, query) => {
    const shared = aPerson('Shared');
    let value = 1;
    const changes: TestFields = {
      Mutation: {
        first: () => shared,
        second: () => {
          value += 1;
          return shared;
        },
      },
      Person: {
        count: { fetch: async (rows) => rows.map(() => value) },
        nick: () => {
          throw new Error('no');
        },
      },
    };
    const answer = await anExecutor(peopleSchema(changes)).execute({ document: parse(query), context: {} });

    expect(answer?.data).toMatchObject({ first: { count: 1 }, second: { count: 2 } });
  });

  it('that share an object and a fragment fetch values of their own, if the second bails out', async () => {
    const shared = aPerson('Same');
    let value = 0;
    const changes: TestFields = {
      Mutation: { first: () => shared, second: () => shared },
      Person: {
        count: {
          fetch: (rows) => {
            value += 1;
            return rows.map(() => value);
          },
        },
        nick: () => {
          throw new Error('no');
        },
      },
    };
    const query = 'mutation { first { ...F } second { ...F nick } } fragment F on Person { count }';
    const answer = await anExecutor(peopleSchema(changes)).execute({ document: parse(query), context: {} });

    expect(answer?.data).toMatchObject({ first: { count: 1 }, second: { count: 2, nick: null } });
  });

  it('report errors with the locations in the document', async () => {
    const query = `mutation ($n: Int, $on: Boolean!) { ...A @include(if: $on) x: first(n: $n) @skip(if: $on) { name } }
      fragment A on Mutation { count a: first(n: $n) { ...P } b: second { fetchedStrict { nick } } }
      fragment P on Person { nick }`;
    const nick = () => {
      throw new Error('no');
    };
    const { level } = await expectAgreement({ query, variables: { n: 5, on: true } }, { Person: { nick } });

    expect(JSON.parse(level).errors).toMatchObject([
      { path: ['a', 'nick'], locations: [{ line: 3 }] },
      { path: ['b', 'fetchedStrict', 'nick'], locations: [{ line: 2 }] },
    ]);
  });

  it('with arguments that do not fit: neither they nor later ones are run', async () => {
    const query = 'mutation ($n: Int = 1) { first { name } count(of: $n) second { name } }';
    await expectAgreement({ query, variables: { n: null } }, world().changes);
    const { changes, events } = world();
    const executor = anExecutor(peopleSchema(changes));
    await executor.execute({ document: parse(query), variables: { n: null }, context: {} });

    expect(events).toEqual(['first begins', 'first ends']);
  });
});
