import type { GraphQLSchema } from 'graphql';
import { expect } from 'vitest';
import { askBoth, aSchema, type BothAnswers, type TestFields, type TestOperation } from './both-executors.ts';

const typeDefinitions = /* GraphQL */ `
  enum Color {
    RED
    GREEN
  }
  scalar Time
  input Point {
    x: Int! = 1
    y: Int
    tags: [String!] = ["a"]
  }
  interface Being {
    name: String
  }
  union Thing = Cat | Dog
  type Cat implements Being {
    name: String
    lives: Int!
    owner: Person
    friend: Thing
  }
  type Dog implements Being {
    name: String!
    barks: Boolean
    owner: Person
  }
  type Person implements Being {
    id: ID!
    name: String!
    age: Int
    height: Float
    isOld: Boolean
    color: Color
    born: Time
    nick: String
    nicks: [String!]
    echo(point: Point, color: Color = RED, list: [[Int]], text: String): String
    best: Person
    strict: Person!
    maybe: [Person]
    matrix: [[Int!]]
    squad: [[Person!]!]
    pet: Being
    pets: [Being]
    things: [Thing!]
    friends(first: Int = 2, point: Point): [Person!]!
    fetched(n: Int): Person
    fetchedStrict: Person!
    fetchedList(n: Int): [Person]
    fetchedPet: Being
    count: Int!
    page: Page!
  }
  type Page {
    nodes: [Person!]!
    total: Int!
    info: String
  }
  type Query {
    person(name: String): Person
    people: [Person!]
    anyone: [Being]
    anything: [Thing]
    strict: Person!
    later: Person
    laterStrict: Person!
    number: Int
    echo(point: Point, color: Color, text: String): String
  }
  type Subscription {
    person: Person
  }
  type Mutation {
    first(n: Int): Person
    second: Person
    third: Person!
    count(of: Int! = 1): Int!
  }
`;

/** The source of a person's fields. */
export type Row = Readonly<Record<string, unknown>>;

/** A row of a person, with everything that is plain. */
export function aPerson(name: string, more: Row = {}): Row {
  return {
    __typename: 'Person',
    id: name,
    name,
    age: 36,
    height: 1.75,
    isOld: false,
    color: 'RED',
    born: 1815,
    nicks: [`${name}y`],
    matrix: [[1, 2], [], [3]],
    ...more,
  };
}

/** Returns the name in a row. */
export function nameOf(row: unknown): string {
  return typeof row === 'object' && row !== null && 'name' in row ? String(row.name) : '';
}

/** A schema of people, with some fields replaced. */
export function peopleSchema(changes: TestFields = {}): GraphQLSchema {
  return aSchema(typeDefinitions, merged(changes));
}

/** Runs an operation by both executors and fails unless data and errors are the same. */
export async function expectAgreement(
  operation: string | TestOperation,
  changes: TestFields = {},
  adjust: (schema: GraphQLSchema) => void = () => undefined,
): Promise<BothAnswers> {
  const request = typeof operation === 'string' ? { query: operation } : operation;
  const make = () => {
    const schema = peopleSchema(changes);
    adjust(schema);
    return schema;
  };
  const both = await askBoth(make, request);
  expect(both.level).toBe(both.graphqlJs);
  return both;
}

/** As `expectAgreement`; fails if the level executor bailed out or could not plan the operation. */
export async function expectFast(
  operation: string | TestOperation,
  changes: TestFields = {},
  adjust: (schema: GraphQLSchema) => void = () => undefined,
): Promise<BothAnswers> {
  const both = await expectAgreement(operation, changes, adjust);
  expect(both.statistics).toEqual({ fast: 1, notPlannable: {}, bailedOut: {} });
  return both;
}

const namesOfPeople = ['Ada', 'Bob', 'Cid'];

const fields: TestFields = {
  Query: {
    person: (_root, { name }) => aPerson(String(name ?? 'Ada')),
    people: () => namesOfPeople.map((name) => aPerson(name)),
    later: async () => aPerson('Late'),
    laterStrict: async () => aPerson('Strictly late'),
    anyone: () => [aPerson('Ada'), aCat('Tom'), null, aDog('Rex'), aPerson('Bob')],
    anything: async () => [aDog('Rex'), null, aCat('Tom')],
    strict: () => aPerson('Strict'),
    number: () => 7,
    echo: (_root, args) => JSON.stringify(args),
  },
  Mutation: {
    first: (_root, { n }) => aPerson(`First ${String(n)}`),
    second: async () => aPerson('Second'),
    third: async () => aPerson('Third'),
    count: () => 3,
  },
  Person: {
    echo: (_row: unknown, args: unknown) => JSON.stringify(args),
    best: (row: unknown) => aPerson(`${nameOf(row)}'s best`),
    strict: (row: unknown) => aPerson(`${nameOf(row)}'s`),
    maybe: (row: unknown) => [aPerson(`${nameOf(row)} 1`), null, aPerson(`${nameOf(row)} 2`)],
    squad: (row: unknown) => [[aPerson(`${nameOf(row)} 1`)], [], [aPerson('x'), aPerson('y')]],
    pet: (row: unknown) => aDog(`${nameOf(row)}'s dog`),
    pets: (row: unknown) => [
      aCat(`${nameOf(row)}'s cat`),
      aDog(`${nameOf(row)}'s dog`),
      null,
      aPerson('Slave'),
    ],
    things: () => [aCat('Tom'), aDog('Rex'), aCat('Kit')],
    friends: { fetch: (rows, args) => rows.map((row) => friendsOf(row, numberIn(args, 'first'))) },
    fetched: { fetch: async (rows) => rows.map((row) => aPerson(`${nameOf(row)}'s`)) },
    fetchedStrict: { fetch: (rows) => rows.map((row) => aPerson(`${nameOf(row)}'s own`)) },
    fetchedList: { fetch: async (rows) => rows.map((row) => [...friendsOf(row, 1), null]) },
    fetchedPet: {
      fetch: async (rows) => rows.map((row, index) => (index % 2 ? aDog(nameOf(row)) : aCat(nameOf(row)))),
    },
    count: { fetch: async (rows) => rows.map((row) => nameOf(row).length) },
    page: { fetch: async (rows) => rows.map((row) => ({ nodes: friendsOf(row, 2), total: 2, info: null })) },
  },
  Cat: { owner: { fetch: async (rows) => rows.map((row) => aPerson(`${nameOf(row)}'s owner`)) } },
  Dog: { owner: (row: unknown) => aPerson(`${nameOf(row)}'s owner`) },
};

function aCat(name: string): Row {
  return { __typename: 'Cat', name, lives: 9, friend: { __typename: 'Dog', name: `${name}'s friend` } };
}

function aDog(name: string): Row {
  return { __typename: 'Dog', name, barks: true };
}

function friendsOf(row: unknown, count: number): Row[] {
  return Array.from({ length: count }, (_, index) => aPerson(`${nameOf(row)}-${index}`));
}

function numberIn(args: unknown, name: string): number {
  return Number(new Map(Object.entries(args ?? {})).get(name) ?? 0);
}

function merged(changes: TestFields): TestFields {
  return Object.fromEntries(
    Object.entries({ ...fields, ...changes }).map(([type, own]) => [type, { ...fields[type], ...own }]),
  );
}
