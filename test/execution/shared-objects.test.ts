import { describe, expect, it } from 'vitest';
import { aPerson, expectFast, nameOf } from '../support/people-schema.ts';

/** People with other people in this repeating order; equal names are the same object. */
function whoShare(names: readonly string[]) {
  const personByName = new Map(names.map((name) => [name, name === '' ? null : aPerson(name)]));
  const shared = names.map((name) => personByName.get(name));
  const written: string[] = [];
  const people = Array.from({ length: 12 }, (_, index) => aPerson(`Person ${index}`));
  return {
    written,
    fields: {
      Query: { people: () => people },
      Person: {
        fetched: {
          fetch: (rows: readonly unknown[]) =>
            rows.map((row) => shared[people.findIndex((person) => person === row) % shared.length] ?? null),
        },
        nick: (person: unknown) => {
          written.push(nameOf(person));
          return `${nameOf(person)} the Great`;
        },
      },
    },
  };
}

describe('objects that a batch returns for many parents', () => {
  it.each([
    { names: ['Ada'], writes: 1 },
    { names: ['Ada', 'Bob'], writes: 2 },
    { names: ['Ada', '', 'Bob'], writes: 2 },
    { names: ['Ada', 'Bob', 'Cid', 'Dan'], writes: 4 },
    // More than are kept.
    { names: ['Ada', 'Bob', 'Cid', 'Dan', 'Eve', 'Fay'], writes: 12 },
  ])('are written once while they are among the last four: $names', async ({ names, writes }) => {
    const { fields, written } = whoShare(names);
    await expectFast('{ people { name fetched { nick age __typename } } }', fields);

    // Includes the run of graphql-js, which writes every object.
    const ofGraphqlJs = 12 - (names.includes('') ? 12 / names.length : 0);
    expect(written).toHaveLength(writes + ofGraphqlJs);
  });

  it('with a batched field below: each is written with its own values', async () => {
    const { fields } = whoShare(['Ada', 'Ada', 'Bob', 'Ada', 'Cid', 'Cid']);

    await expectFast('{ people { fetched { name fetchedStrict { name } } } }', fields);
  });

  it('in several places: are written with the selection of each place', async () => {
    const { fields } = whoShare(['Ada', 'Bob']);

    await expectFast(
      `{ people { a: fetched { name } b: fetched { nick id } c: fetched(n: 1) { name: nick } d: fetched { fetched { age } } } }`,
      fields,
    );
  });
});
