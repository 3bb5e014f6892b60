import { describe, expect, it } from 'vitest';
import { aPerson, expectFast, nameOf } from '../support/people-schema.ts';

/**
 * People who are asked for a few others, in this order, again and again; a name stands for one and the same.
 */
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

describe('objects that a fetch returns for many parents', () => {
  it.each([
    { names: ['Ada'], writes: 1 },
    { names: ['Ada', 'Bob'], writes: 2 },
    { names: ['Ada', '', 'Bob'], writes: 2 },
    { names: ['Ada', 'Bob', 'Cid', 'Dan'], writes: 4 },
    // More than are remembered.
    { names: ['Ada', 'Bob', 'Cid', 'Dan', 'Eve', 'Fay'], writes: 12 },
  ])(
    'are written once for those that follow each other, and each is right: $names',
    async ({ names, writes }) => {
      const { fields, written } = whoShare(names);
      await expectFast('{ people { name fetched { nick age __typename } } }', fields);

      // Both executors were asked, and graphql-js writes each of its own.
      const ofGraphqlJs = 12 - (names.includes('') ? 12 / names.length : 0);
      expect(written).toHaveLength(writes + ofGraphqlJs);
    },
  );

  it('are written with their own fetches, when repeated in a row', async () => {
    const { fields } = whoShare(['Ada', 'Ada', 'Bob', 'Ada', 'Cid', 'Cid']);

    await expectFast('{ people { fetched { name fetchedStrict { name } } } }', fields);
  });

  it('are written at each place with its own selection', async () => {
    const { fields } = whoShare(['Ada', 'Bob']);

    await expectFast(
      `{ people { a: fetched { name } b: fetched { nick id } c: fetched(n: 1) { name: nick } d: fetched { fetched { age } } } }`,
      fields,
    );
  });
});
