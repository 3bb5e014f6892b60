import { GraphQLError, isInterfaceType, isObjectType, isUnionType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { aPerson, expectAgreement, expectFast } from '../support/people-schema.ts';

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

describe('types of values', () => {
  const withoutTypename = {
    anyone: () => [{ name: 'Tom', lives: 9 }, { name: 'Rex', barks: true }, aPerson('Ada')],
  };
  const queries = [
    '{ anyone { __typename name } }',
    '{ anyone { ... on Cat { owner { name } lives } ... on Dog { owner { name } } } }',
  ];

  it.each(queries)('are resolved by isTypeOf: %s', async (query) => {
    await expectFast(query, { Query: withoutTypename }, (schema) => {
      for (const [name, property] of [
        ['Cat', 'lives'],
        ['Dog', 'barks'],
        ['Person', 'age'],
      ] as const) {
        const type = schema.getType(name);
        if (isObjectType(type))
          type.isTypeOf = (value) => typeof value === 'object' && value !== null && property in value;
      }
    });
  });

  it('are resolved by isTypeOf with the type as `this`', async () => {
    await expectFast(
      '{ anyone { __typename name } }',
      { Query: { anyone: () => [{ kind: 'Dog', name: 'Rex' }] } },
      (schema) => {
        for (const name of ['Cat', 'Dog', 'Person']) {
          const type = schema.getType(name);
          if (isObjectType(type))
            type.isTypeOf = function isOfThis(this: unknown, { kind }) {
              return this === type && kind === name;
            };
        }
      },
    );
  });

  it('are resolved by isTypeOf if only some types have it', async () => {
    const anyone = () => [
      { __typename: 7, name: 'Ada' },
      { __typename: 'Cat', name: 'Tom' },
    ];
    const queries = [
      '{ anyone { __typename name } }',
      '{ anyone { ... on Person { count } ... on Cat { owner { name } } } }',
    ];
    for (const query of queries) {
      await expectFast(query, { Query: { anyone } }, (schema) => {
        Object.assign(schema.getType('Being') ?? {}, { resolveType: null });
        Object.assign(schema.getType('Cat') ?? {}, { isTypeOf: null });
        Object.assign(schema.getType('Person') ?? {}, {
          isTypeOf: (value: object, context: unknown) => '__typename' in value && isObject(context),
        });
      });
    }
  });

  it('are resolved from the context', async () => {
    await expectFast('{ anything { __typename } person { name } }', {}, (schema) => {
      Object.assign(schema.getType('Thing') ?? {}, {
        resolveType: (_value: unknown, context: unknown) => (isObject(context) ? 'Cat' : 'Dog'),
      });
      Object.assign(schema.getType('Person') ?? {}, {
        isTypeOf: (_value: unknown, context: unknown) => isObject(context),
      });
    });
  });

  it.each(queries)('are resolved by resolveType: %s', async (query) => {
    await expectFast(query, { Query: withoutTypename }, (schema) => {
      const type = schema.getType('Being');
      if (isInterfaceType(type))
        type.resolveType = (value) => ('lives' in value ? 'Cat' : 'barks' in value ? 'Dog' : 'Person');
    });
  });

  it.each([
    ['nothing', () => undefined],
    ['a type of another kind', () => 'Color'],
    ['a type that does not exist', () => 'Bird'],
    ['a promise', async () => 'Cat'],
    [
      'an error',
      () => {
        throw new GraphQLError('no type');
      },
    ],
  ])('resolved to %s: the result of graphql-js', async (_what, resolveType) => {
    for (const query of ['{ anything { __typename } }', '{ anything { ... on Cat { owner { name } } } }']) {
      const { statistics } = await expectAgreement(query, {}, (schema) => {
        const type = schema.getType('Thing');
        if (isUnionType(type)) Object.assign(type, { resolveType });
      });

      expect(statistics.fast).toBe(0);
    }
  });

  it.each([
    ['no', () => false],
    ['a promise of no', async () => false],
    ['a promise of yes', async () => true],
    ['something', () => 'yes'],
  ])('rejected by isTypeOf with %s: the result of graphql-js', async (_what, isTypeOf) => {
    for (const query of [
      '{ person { name } }',
      '{ person { count } people { name } }',
      '{ anyone { name } }',
      '{ anyone { ... on Person { count } } }',
    ]) {
      const { statistics } = await expectAgreement(query, {}, (schema) => {
        const type = schema.getType('Person');
        if (isObjectType(type)) Object.assign(type, { isTypeOf });
      });

      expect(statistics.bailedOut).toEqual({ 'no possible type': 1 });
    }
  });
});
