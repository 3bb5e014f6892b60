import {
  getNullableType,
  isInputObjectType,
  isListType,
  type GraphQLInputType,
  type GraphQLType,
} from 'graphql';

/**
 * Returns the number of entries of the longest list in a variable's value; a value of free form, such as a
 * JSON object, counts as one.
 */
export function longestListIn(value: unknown, type: GraphQLType | undefined): number {
  const nullable = getNullableType(type);
  if (value === null || value === undefined) return 0;
  if (isListType(nullable)) {
    if (!Array.isArray(value)) return 1;
    const inner = value.slice(0, enough).map((item: unknown) => longestListIn(item, nullable.ofType));
    return Math.max(value.length, ...inner);
  }
  if (!isInputObjectType(nullable) || typeof value !== 'object') return 0;
  const fields: Readonly<Record<string, { readonly type: GraphQLInputType }>> = nullable.getFields();
  const inner = Object.entries(value).map(([name, entry]) => longestListIn(entry, fields[name]?.type));
  return Math.max(0, ...inner);
}

/** The number of entries that are searched for longer lists; a list of more entries is too long itself. */
const enough = 1000;
