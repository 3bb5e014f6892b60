import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Selection } from '../../src/execution/selection.ts';
import { anExecutor } from '../support/both-executors.ts';
import { deferred, settled } from '../support/deferred.ts';
import { aPerson, expectAgreement, expectFast, nameOf, peopleSchema } from '../support/people-schema.ts';

/** A batch resolver that records its parents and arguments. */
function noting(answer: (name: string) => unknown = (name) => aPerson(`${name}'s`)) {
  const calls: { names: string[]; args: unknown }[] = [];
  return {
    calls,
    fetch: async (rows: readonly unknown[], args: unknown) => {
      calls.push({ names: rows.map(nameOf), args });
      return rows.map((row) => answer(nameOf(row)));
    },
  };
}

async function run(query: string, changes: Parameters<typeof peopleSchema>[0], context: unknown = {}) {
  const executor = anExecutor(peopleSchema(changes));
  return executor.execute({ document: parse(query), context });
}

describe('a batched field', () => {
  it('is called once per level, with all parents', async () => {
    const fetched = noting();
    await run('{ people { fetched { name fetched { age } } } }', { Person: { fetched } });

    expect(fetched.calls).toEqual([
      { names: ['Ada', 'Bob', 'Cid'], args: {} },
      { names: ["Ada's", "Bob's", "Cid's"], args: {} },
    ]);
  });

  it('selected in several places: is called once per list of arguments', async () => {
    const fetched = noting();
    const query = `query { a: person { fetched { name } } b: person(name: "Bob") { fetched { age } x: fetched(n: 1) { id }
      y: fetched(n: 1) { name } } c: people { best { fetched { name } } z: fetched(n: 2) { id } } }`;
    await expectFast(query, { Person: { fetched } });
    fetched.calls.length = 0;
    await run(query, { Person: { fetched } });

    expect(fetched.calls).toEqual([
      { names: ['Ada', 'Bob', "Ada's best", "Bob's best", "Cid's best"], args: {} },
      { names: ['Bob'], args: { n: 1 } },
      { names: ['Ada', 'Bob', 'Cid'], args: { n: 2 } },
    ]);
  });

  it('selected in several places: receives the fields that are selected in any of them', async () => {
    const selections: string[][] = [];
    const fetched = {
      fetch: (rows: readonly unknown[], _args: unknown, _context: unknown, selection: Selection) => {
        selections.push(Array.from(selection.entries(), ([name]) => name));
        return rows.map(() => aPerson('Ada'));
      },
    };
    await run('{ a: person { fetched { name } } b: person(name: "Bob") { fetched { age id } } }', {
      Person: { fetched },
    });

    expect(selections.map((names) => names.toSorted())).toEqual([['age', 'id', 'name']]);
  });

  it('with several lists of arguments: is called once for each', async () => {
    const friends = noting(() => []);
    const query = `{ person { a: friends(point: { tags: ["a"] }) { name } b: friends(point: { tags: ["a", "b"] }) { name }
      c: friends(point: { tags: [] }) { name } d: friends(point: { tags: ["b", "a"] }) { name } } }`;
    await expectFast(query, { Person: { friends } });
    friends.calls.length = 0;
    await run(query, { Person: { friends } });

    expect(friends.calls).toHaveLength(4);
  });

  it('is called with an object once, however often it occurs', async () => {
    const shared = aPerson('Shared');
    const fetched = noting();
    const changes = {
      Query: { people: () => [shared, aPerson('Ada'), shared] },
      Person: { fetched, fetchedStrict: { fetch: (rows: readonly unknown[]) => rows.map(() => shared) } },
    };
    const query = '{ people { name fetched { name } fetchedStrict { name fetched { id count } } } }';
    await expectFast(query, changes);
    fetched.calls.length = 0;
    await run(query, changes);

    expect(fetched.calls.map(({ names }) => names)).toEqual([['Shared', 'Ada'], ['Shared']]);
  });

  it('that resolves long after others: is awaited', async () => {
    const slow = deferred<null>();
    const changes = {
      Person: { count: { fetch: (rows: readonly unknown[]) => slow.promise.then(() => rows.map(() => 9)) } },
    };
    const answer = run('{ person { count fetched { name } } }', changes);
    await settled();
    slow.resolve(null);

    expect(await answer).toEqual({ data: { person: { count: 9, fetched: { name: "Ada's" } } } });
  });

  it('is called without `this`, with the context of the operation', async () => {
    const seen: unknown[] = [];
    const context = { viewer: 'Ada' };
    await run(
      '{ person { count } }',
      {
        Person: {
          count: {
            fetch(rows, args, given) {
              seen.push(given, args);
              return rows.map(() => 1);
            },
          },
        },
      },
      context,
    );

    expect(seen).toEqual([context, {}]);
    expect(seen[0]).toBe(context);
  });

  it('is called before plain fields that have no batched field below are read', async () => {
    const events: string[] = [];
    const noted = (name: string) => () => {
      events.push(name);
      return null;
    };
    await run('{ people { best { name } pet { name } count } }', {
      Query: { people: () => [aPerson('Ada')] },
      Person: { best: noted('best'), pet: noted('pet'), count: { fetch: () => [noted('count')() ?? 1] } },
    });

    expect(events).toEqual(['count', 'best', 'pet']);
  });

  it('without parents: is not called', async () => {
    const fetched = noting();
    await run('{ person { maybe { fetched { name } } best { fetched { name } } } }', {
      Person: { fetched, maybe: () => [null], best: () => null },
    });

    expect(fetched.calls).toEqual([]);
  });

  it('with synchronous values only: the whole result is synchronous', () => {
    const executor = anExecutor(peopleSchema());
    const answer = executor.execute({
      document: parse('{ people { friends { fetchedStrict { name } } } }'),
      context: {},
    });

    expect(answer).toMatchObject({ data: { people: [{ friends: [{}, {}] }, {}, {}] } });
  });

  it('is not called again after a bailout', async () => {
    const fetched = noting();
    const count = { fetch: async (rows: readonly unknown[]) => rows.map((row) => new Error(nameOf(row))) };
    const roots: string[] = [];
    const changes = {
      Query: {
        later: async () => {
          roots.push('later');
          return aPerson('Late');
        },
      },
      Person: { fetched, count },
    };
    const query =
      '{ later { fetched { name } x: fetched(n: 1) { name } } people { fetched { fetched { count } } } }';
    await expectAgreement(query, changes);
    fetched.calls.length = 0;
    roots.length = 0;
    await run(query, changes);

    expect(fetched.calls).toHaveLength(3);
    expect(roots).toEqual(['later']);
  });

  it('that throws: is called once', async () => {
    let calls = 0;
    const fetch = () => {
      calls += 1;
      throw new Error('no');
    };
    await run('{ people { fetched { name } count } }', { Person: { fetched: { fetch } } });

    expect(calls).toBe(1);
  });

  it('that returns a lazy thenable: its `then` is called once', async () => {
    let begun = 0;
    const fetch = (rows: readonly unknown[]) => ({
      // oxlint-disable-next-line unicorn/no-thenable
      then(...handlers: Parameters<Promise<unknown>['then']>) {
        begun += 1;
        return Promise.resolve(rows.map(() => new Error('no'))).then(...handlers);
      },
    });
    await run('{ people { fetched { name } } }', { Person: { fetched: { fetch } } });

    expect(begun).toBe(1);
  });

  it('still in flight when another one fails: graphql-js awaits it', async () => {
    let finish = (_values: unknown) => {};
    const fetched = noting();
    const slow = new Promise((resolve) => {
      finish = resolve;
    });
    const answer = run('{ people { fetched { name } count } }', {
      Person: {
        count: { fetch: () => Promise.reject(new Error('no')) },
        fetched: { fetch: (rows, args) => slow.then(() => fetched.fetch(rows, args)) },
      },
    });
    finish(null);
    const { data } = (await answer) ?? {};

    expect(fetched.calls).toHaveLength(1);
    expect(data).toEqual({ people: null });
  });
});
