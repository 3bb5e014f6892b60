import { isEnumType, isInputObjectType, isInterfaceType, isObjectType, isSpecifiedScalarType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { fetchOf } from '../src/graphql/batched.ts';
import { resolvers } from '../src/graphql/resolvers.ts';
import { createSchema } from '../src/graphql/schema.ts';
import { errorCodes } from '../src/platform/errors.ts';

const schema = createSchema();
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
);

describe('the schema', () => {
  it('describes every type, field, argument and enum value', () => {
    const described = types.flatMap((type) => {
      const own = [{ name: type.name, description: type.description }];
      if (isEnumType(type)) return [...own, ...type.getValues()];
      if (isInputObjectType(type)) return [...own, ...Object.values(type.getFields())];
      if (!isObjectType(type) && !isInterfaceType(type)) return own;
      const fields = Object.values(type.getFields());
      return [...own, ...fields, ...fields.flatMap((field) => field.args)];
    });

    expect(described.length).toBeGreaterThan(300);
    expect(described.filter((each) => !each.description).map((each) => each.name)).toEqual([]);
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
    const batched = Object.entries(resolvers).flatMap(([typeName, fields]) =>
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
