import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { askBoth, aSchema, type TestFields, type TestOperation } from '../support/both-executors.ts';

const typeDefinitions = /* GraphQL */ `
  enum Color { RED GREEN }
  scalar Time
  input Point { x: Int! = 1, y: Int, tags: [String!] = ["a"] }
  interface Being { name: String }
  union Thing = Cat | Dog
  type Cat implements Being { name: String lives: Int! owner: Person friend: Thing }
  type Dog implements Being { name: String! barks: Boolean owner: Person }
  type Person implements Being {
    id: ID! name: String! age: Int height: Float isOld: Boolean color: Color born: Time nick: String
    echo(point: Point, color: Color = RED, list: [[Int]], text: String): String
    friends(first: Int = 2): [Person!]! maybe: [Person] matrix: [[Int!]] pet: Being things: [Thing!]
    best: Person strict: Person! fetched: Person fetchedStrict: Person! fetchedList(n: Int): [Person]
    count: Int! page: Page!
  }
  type Page { nodes: [Person!]! total: Int! info: String }
  type Query {
    person(name: String): Person people: [Person!] anyone: [Being] thing: Thing strict: Person!
    later: Person number: Int echo(point: Point): String slow: Person
  }
  type Mutation { first(n: Int): Person second: Person third: Person! count: Int }
`;

interface Row {
  readonly [field: string]: unknown;
}

/** The world that most operations below ask about; a case changes what it is about. */
function fieldsWith(changes: TestFields = {}): TestFields {
  const fields: TestFields = {
    Query: {
      person: (_root, args) => aPerson(args.name ?? 'Ada'),
      people: () => ['Ada', 'Bob', 'Cid'].map((name) => aPerson(name)),
      later: async () => aPerson('Late'),
      anyone: () => [aPerson('Ada'), { __typename: 'Cat', name: 'Tom', lives: 9 }, null],
      thing: () => ({ __typename: 'Dog', name: 'Rex', barks: true }),
      strict: () => aPerson('Strict'),
      echo: (_root, args) => JSON.stringify(args),
    },
    Person: {
      echo: (_row: unknown, args: unknown) => JSON.stringify(args),
      friends: { fetch: (rows, args) => rows.map((row) => friendsOf(row, args)) },
      fetched: { fetch: async (rows) => rows.map((row) => aPerson(`${nameOf(row)}'s`)) },
      fetchedStrict: { fetch: (rows) => rows.map((row) => aPerson(`${nameOf(row)}'s own`)) },
      fetchedList: { fetch: async (rows, args) => rows.map((row) => friendsOf(row, args)) },
      count: { fetch: async (rows) => rows.map((row) => nameOf(row).length) },
      page: { fetch: async (rows) => rows.map((row) => ({ nodes: friendsOf(row, {}), total: 2 })) },
    },
    ...changes,
  };
  return Object.fromEntries(
    Object.entries(fields).map(([type, own]) => [type, { ...fieldsOf(type), ...own }]),
  );

  function fieldsOf(type: string) {
    return changes[type] === undefined ? {} : base()[type];
  }
  function base(): TestFields {
    return fieldsWith();
  }
}

function aPerson(name: string, more: Row = {}): Row {
  return { __typename: 'Person', id: name, name, age: 36, height: 1.7, isOld: false, color: 'RED', ...more };
}

function nameOf(row: unknown): string {
  return typeof row === 'object' && row !== null && 'name' in row ? String(row.name) : '';
}

function friendsOf(row: unknown, args: unknown): Row[] {
  const given = new Map(Object.entries(args ?? {}));
  return Array.from({ length: Number(given.get('first') ?? 2) }, (_, index) => aPerson(`${nameOf(row)}-${index}`));
}

async function expectAgreement(operation: TestOperation, changes: TestFields = {}) {
  const both = await askBoth(() => aSchema(typeDefinitions, fieldsWith(changes)), operation);
  expect(both.level).toBe(both.graphqlJs);
  return both;
}
