import {
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type GraphQLField,
  type GraphQLInputType,
} from 'graphql';

/**
 * The shortest valid operation that asks one root field: required arguments only, with values that name
 * nothing.
 */
export function smallestOperation(root: 'Query' | 'Mutation', field: GraphQLField<unknown, unknown>): string {
  const args = field.args.flatMap(({ name, type }) =>
    isNonNullType(type) ? [`${name}: ${smallestValue(type)}`] : [],
  );
  const call = `${field.name}${args.length === 0 ? '' : `(${args.join(', ')})`}`;
  const selection = isCompositeType(getNamedType(field.type)) ? ' { __typename }' : '';
  return `${root.toLowerCase()} { ${call}${selection} }`;
}

const valueByScalar: Readonly<Record<string, string>> = {
  Boolean: 'false',
  DateTime: '"2100-01-01T00:00:00.000Z"',
  EmailAddress: '"nobody@example.org"',
  Float: '1',
  ID: '"nothing"',
  Int: '1',
  JSONObject: '{}',
  String: '"nothing"',
};

function smallestValue(type: GraphQLInputType): string {
  if (isNonNullType(type)) return smallestValue(type.ofType);
  if (isListType(type)) return '[]';
  if (isEnumType(type)) return type.getValues()[0]?.name ?? 'null';
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).flatMap((field) =>
      isNonNullType(field.type) ? [`${field.name}: ${smallestValue(field.type)}`] : [],
    );
    return `{ ${fields.join(', ')} }`;
  }
  const value = valueByScalar[type.name];
  if (value === undefined) throw new Error(`There is no value for the scalar ${type.name}: add one here.`);
  return value;
}
