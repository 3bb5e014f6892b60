import {
  buildSchema,
  introspectionFromSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  type GraphQLSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { fetchOf } from '../../src/graphql/batched.ts';
import { mergeResolvers } from '../../src/graphql/merge-domains.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { errorCodes } from '../../src/platform/errors.ts';
import { breachesIn } from '../support/plain-english.ts';

const schema = createSchema();
const types = typesOf(schema);

describe('the schema', () => {
  it('describes every type, field, argument and enum value', () => {
    const described = descriptionsIn(schema);

    expect(described.length).toBeGreaterThan(500);
    expect(described.filter(({ text }) => text === '').map(({ name }) => name)).toEqual([]);
  });

  it('begins with its roots, which explorers show first', () => {
    const { __schema } = introspectionFromSchema(schema);

    expect(__schema.types.slice(0, 3).map(({ name }) => name)).toEqual(['Query', 'Mutation', 'Subscription']);
  });

  it('is described in plain English', () => {
    expect(breachesInSchema(schema)).toEqual([]);
  });

  it('is checked down to arguments and enum values', () => {
    const planted = buildSchema(`
      "Who speaks."
      enum Role { "Everybody at once." ALL }
      "The queries."
      type Query {
        "The messages. They are sorted. There are many."
        messages("The first so many." first: Int): Int
      }
      "A message."
      input Message { "Whether it stands in a list." isListed: Boolean }
    `);

    expect(breachesInSchema(planted).map(({ name }) => name)).toEqual([
      'Role',
      'Role.ALL',
      'Query.messages',
      'Query.messages(first:)',
      'Message.isListed',
    ]);
  });

  it('lists exactly the codes that errors can have', () => {
    const type = schema.getType('ErrorCode');
    const values = isEnumType(type) ? type.getValues().map((value) => value.name) : [];

    expect(values.toSorted()).toEqual([...errorCodes].toSorted());
  });

  it('marks every batched field with its fetch, and no other', () => {
    const marked = types.flatMap((type) =>
      isObjectType(type)
        ? Object.values(type.getFields())
            .filter((field) => field.extensions['batched'] !== undefined)
            .map((field) => `${type.name}.${field.name}`)
        : [],
    );
    const batched = Object.entries(mergeResolvers()).flatMap(([typeName, fields]) =>
      Object.entries(fields)
        .filter(([, resolver]) => fetchOf(resolver, 'any') !== null)
        .map(([fieldName]) => `${typeName}.${fieldName}`),
    );

    expect(marked.length).toBeGreaterThan(15);
    expect(marked.toSorted()).toEqual(batched.toSorted());
  });

  it('gives every payload its userErrors', () => {
    const payloads = types.filter((type) => type.name.endsWith('Payload'));

    expect(payloads.length).toBeGreaterThan(9);
    for (const payload of payloads) {
      expect(isObjectType(payload) && String(payload.getFields()['userErrors']?.type)).toBe('[UserError!]!');
    }
  });
});

function typesOf(of: GraphQLSchema) {
  return Object.values(of.getTypeMap()).filter(
    (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
  );
}

function breachesInSchema(of: GraphQLSchema) {
  return descriptionsIn(of).flatMap(({ name, text }) => {
    const breaches = breachesIn(text);
    return breaches.length === 0 ? [] : [{ name, text, breaches }];
  });
}

/** Everything that a client can read in the explorer, by the name of what it describes. */
function descriptionsIn(of: GraphQLSchema): { name: string; text: string }[] {
  return typesOf(of).flatMap((type) => {
    const own = { name: type.name, text: type.description ?? '' };
    if (isEnumType(type) || isInputObjectType(type)) {
      const parts = isEnumType(type) ? type.getValues() : Object.values(type.getFields());
      return [
        own,
        ...parts.map((part) => ({ name: `${type.name}.${part.name}`, text: part.description ?? '' })),
      ];
    }
    if (!isObjectType(type) && !isInterfaceType(type)) return [own];
    return [
      own,
      ...Object.values(type.getFields()).flatMap((field) => [
        { name: `${type.name}.${field.name}`, text: field.description ?? '' },
        ...field.args.map((arg) => ({
          name: `${type.name}.${field.name}(${arg.name}:)`,
          text: arg.description ?? '',
        })),
      ]),
    ];
  });
}
