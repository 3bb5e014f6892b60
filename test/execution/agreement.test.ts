import { describe, expect, it } from 'vitest';
import { aPerson, expectAgreement, expectFast } from '../support/people-schema.ts';

describe('without a fallback, the level executor has the result of graphql-js', () => {
  it.each([
    [
      'plain fields of every kind',
      '{ person { id name age height isOld color born nick nicks matrix } number }',
    ],
    ['lists, also of lists and with nulls', '{ people { maybe { name } squad { name } matrix } }'],
    ['a field that fetches', '{ person { fetched { name } count } }'],
    [
      'fields that fetch below each other',
      '{ people { friends { fetched { friends(first: 1) { name count } } } } }',
    ],
    [
      'fields that fetch below plain ones',
      '{ people { best { name fetched { name } } maybe { count } squad { count } } }',
    ],
    ['a page', '{ people { page { nodes { name fetched { name } } total info } } }'],
    ['root fields that come later', '{ a: later { count } person { count } b: later { fetched { name } } }'],
    [
      'fields in the order of the selection',
      '{ person { count name age fetched { age name } id } number later { name } }',
    ],
    [
      'aliases',
      '{ x: person(name: "X") { y: name n: count } z: person(name: "Z") { fetched { q: name } count } }',
    ],
    [
      'an alias that means something to JavaScript',
      '{ person { __proto__: name constructor: count toJSON: age then: id } }',
    ],
    ['the alias __proto__ of everything', '{ __proto__: person { __proto__: fetched { __proto__: name } } }'],
    ['the names of types', '{ __typename person { __typename t: __typename fetched { __typename } } }'],
    [
      'an interface',
      '{ anyone { __typename name ... on Cat { lives owner { name } } ... on Person { count } } }',
    ],
    [
      'an interface without batched fields below',
      '{ anyone { name ... on Dog { barks } ... on Person { age } } }',
    ],
    [
      'a union',
      '{ anything { ... on Cat { lives owner { name } friend { __typename ... on Dog { name } } } ... on Dog { owner { count } } } }',
    ],
    [
      'fragments of a type that not all are of',
      '{ anyone { ... on Thing { t: __typename } ... on Person { name } } }',
    ],
    [
      'an interface that is fetched',
      '{ people { fetchedPet { name ... on Cat { owner { name } } } pet { name } pets { ... on Cat { owner { name } } ... on Person { count } } } }',
    ],
    [
      'fields that are selected twice',
      '{ person { fetched { name } fetched { age count } name name } person { count } }',
    ],
    [
      'fragments',
      'query { person { ...A } people { ...A ...B } } fragment A on Person { name ...B } fragment B on Being { b: name ... on Person { count } }',
    ],
    [
      'fragments of other types',
      '{ person { ... on Being { name } ... { age } ... on Person @include(if: true) { count } } anyone { ... on Thing { ... on Cat { lives } } } }',
    ],
    [
      'a fragment that is left out at one place',
      'query { person { ...F @skip(if: true) ...F ...G ...G @include(if: false) } } fragment F on Person { name } fragment G on Person { age }',
    ],
    [
      '@skip and @include',
      '{ person { a: name @skip(if: true) b: name @include(if: false) c: name @skip(if: false) @include(if: true) count @skip(if: true) } }',
    ],
    [
      'arguments and their defaults',
      '{ person { echo e: echo(point: {}) f: echo(point: {x: 2, y: null, tags: "b"}, color: GREEN, list: [1, [2], null]) } echo(point: {y: 3}) }',
    ],
    [
      'the same field with several arguments',
      '{ people { a: friends(first: 1) { name } b: friends(first: 3) { name } c: friends(first: 1) { age } d: friends { name } } }',
    ],
    ['all fields skipped', '{ person { name @skip(if: true) } number @include(if: false) }'],
    [
      'a mutation',
      'mutation { first(n: 1) { name count } second { fetched { name } } __typename count third { name } again: first(n: 2) { friends { count } } }',
    ],
    ['a mutation under the alias __proto__', 'mutation { __proto__: count a: count }'],
  ])('%s', async (_what, query) => {
    const { level } = await expectFast(query);

    expect(level).toMatch(/^\{"data":\{/);
  });

  it('a named operation without operationName', async () => {
    await expectFast('query A { number }');
  });

  it('one operation of several', async () => {
    const query =
      'query A { person { name } } query B($off: Boolean!) { people { count name @skip(if: $off) } } mutation C { count }';

    await expectFast({ query, operationName: 'A' });
    await expectFast({ query, operationName: 'B', variables: { off: true } });
    await expectFast({ query, operationName: 'C' });
  });

  const withVariables = `query ($name: String = "Eve", $point: Point, $color: Color, $n: Int, $first: Int = 1, $list: [[Int]], $on: Boolean = true, $off: Boolean! = false) {
    person(name: $name) { name echo(point: $point, color: $color, list: $list, text: $name) friends(first: $first) { name @include(if: $on) count @skip(if: $off) } }
    echo(point: { x: 5, y: $n }, color: $color) people { ...F @include(if: $on) } } fragment F on Person { e: echo(text: $name) age @skip(if: $on) }`;

  it.each([
    {},
    { name: null, point: { y: 1 }, color: 'GREEN', n: 4, first: 0, list: 3, on: false, off: true },
    { name: '', point: null, color: null, n: null, list: [null, [1, null]], on: false },
    { point: { x: 9, tags: 'one' }, first: 3, off: true, unknown: 1 },
  ])('variables %j', async (variables) => {
    await expectFast({ query: withVariables, variables });
  });

  it.each([null, undefined])('%s in nullable places', async (nothing) => {
    const none = () => nothing;
    const { level } = await expectFast(
      '{ anyone { name } b: anyone { ... on Person { count } } person { best { name } maybe { name } matrix nick } c: person { best { count } maybe { count } } d: later { name } e: later { count } }',
      {
        Query: { anyone: () => [nothing], later: async () => nothing },
        Person: { best: none, maybe: none, matrix: none, nick: none },
      },
    );
    const person = { best: null, maybe: null };

    expect(JSON.parse(level).data).toEqual({
      anyone: [null],
      b: [null],
      person: { ...person, matrix: null, nick: null },
      c: person,
      d: null,
      e: null,
    });
  });

  it.each([
    ['id', 7],
    ['id', true],
    ['name', 7],
    ['name', true],
    ['isOld', 1],
    ['isOld', 'yes'],
    ['age', '7'],
    ['age', true],
    ['age', 2 ** 31],
    ['age', -0],
    ['height', '1.5'],
    ['height', true],
    ['height', Number.POSITIVE_INFINITY],
  ])('%s serializes %j', async (field, value) => {
    await expectAgreement(`{ person { ${field} } }`, {
      Query: { person: () => aPerson('Ada', { [field]: value }) },
    });
  });

  it('rows with a `then` that is no function', async () => {
    // oxlint-disable-next-line unicorn/no-thenable
    const then = { then: 'later' };
    await expectFast('{ person { name best { name } count } people { name } }', {
      Query: {
        person: () => aPerson('Ada', then),
        people: () => [aPerson('Bob', then)],
      },
    });
  });

  it('fragments that are spread twice: take no more time than once', async () => {
    const levels = Array.from({ length: 40 }, (_, level) => level);
    const fragments = levels.map(
      (level) => `fragment F${level} on Person { ...F${level + 1} ...F${level + 1} }`,
    );

    await expectFast(
      `{ person { ...F0 } } ${fragments.join(' ')} fragment F${levels.length} on Person { name }`,
    );
  });
});
